import type { SourceStatus } from "../../model/snapshot.ts";
import type { Check } from "../check.ts";
import { type Finding, orOk, problem, skipped, warning } from "../finding.ts";

export interface DaemonFacts {
  /** Null where none answers: `silence` says why, unless nobody knows where it listens. */
  daemon: { version: string; pid: number; startedAt: number } | null;
  silence: { message: string; hint: string; denied: boolean } | null;
  source: Pick<SourceStatus, "last_sync_at" | "error" | "delayed"> | null;
  pendingRemoval: string | null;
  /** How often it looks at the repository; null where there are no settings. */
  intervalMs: number | null;
  now: number;
}

export const daemon: Check<DaemonFacts> = {
  group: "daemon",
  name: "daemon",
  gather({ snapshot, silence, settings, clock }) {
    const { version, pid, started_at } = snapshot?.daemon ?? {};
    return Promise.resolve({
      daemon: version === undefined ? null : { version, pid: pid!, startedAt: Date.parse(started_at!) },
      silence,
      source: snapshot?.source ?? null,
      pendingRemoval: snapshot?.pending_removal?.message ?? null,
      intervalMs: settings?.repo.intervalMs ?? null,
      now: clock.now(),
    });
  },
  evaluate({ daemon, silence, source, pendingRemoval, intervalMs, now }) {
    if (daemon === null || source === null) {
      if (silence === null) return [skipped("needs the settings", null)];
      const { message, hint, denied } = silence;
      return [denied ? skipped(message, hint) : problem(message, hint)];
    }
    const found: Finding[] = [];
    if (source.error !== null) {
      const { message, hint, transient } = source.error;
      const finding = transient ? warning : problem;
      found.push(finding(`its last sync failed: ${message}`, hint ?? "see repository, above"));
    }
    const age = source.last_sync_at === null ? null : now - Date.parse(source.last_sync_at);
    if (intervalMs !== null && age !== null && age > LATE * intervalMs + SLACK_MS) {
      const message = `it has not looked at the repository for ${spanText(age)}`;
      found.push(warning(message, "see what it says: journalctl -u harbornode -n 50"));
    }
    if (source.delayed !== null) {
      found.push(warning(source.delayed.message, "see which revision runs: harbornode status"));
    }
    if (pendingRemoval !== null) {
      found.push(warning(`a removal is pending: ${pendingRemoval}`, "see what it removes: harbornode prune"));
    }
    const looked = age === null ? "has not looked yet" : `looked ${spanText(age)} ago`;
    return orOk(found, `pid ${daemon.pid}, up ${spanText(now - daemon.startedAt)}, ${looked}`);
  },
};

/** Looks that fail are tried again ever more slowly. */
const LATE = 3;
const SLACK_MS = 5 * 60_000;

function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
