/** One attempt of a probe: what a check of one kind answers. */
export interface ProbeOutcome {
  ok: boolean;
  /** For a person: "HTTP 200", "connection refused", or what the command printed. */
  output: string;
}
