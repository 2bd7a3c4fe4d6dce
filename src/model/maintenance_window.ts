/** A time in which what git changes may be carried out, or may not. */
export interface MaintenanceWindow {
  /** Where there are windows that allow, changes wait for one of them. One that denies always wins. */
  kind: "allow" | "deny";
  /** When it opens: a cron expression as those of jobs. */
  schedule: string;
  durationMs: number;
  /** An IANA name like "Europe/Berlin"; null: UTC. */
  timezone: string | null;
}
