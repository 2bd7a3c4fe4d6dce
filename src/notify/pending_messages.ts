/** [pure] Of what is so now, what somebody should hear: each thing once, again when it lasts, and when it is over. */
import type { Snapshot } from "../model/snapshot.ts";
import type { NotifyTarget } from "../settings/settings.ts";
import type { SentMessage } from "../store/notify_state.ts";
import { type Alert, alerts, resolvedAlert } from "./alert.ts";

interface Question {
  snapshot: Snapshot;
  /** By key, what this target was told. */
  told: Readonly<Record<string, SentMessage>>;
  target: Pick<NotifyTarget, "events" | "repeatIntervalMs">;
  /** Milliseconds since 1970. */
  now: number;
}

/** Events that happen; the others are states, which last and end. */
const HAPPENS = new Set(["revision_applied", "revision_failed"]);
/** Far more than a device has workloads. */
const MOST_TOLD = 500;

export function pendingMessages({ snapshot, told, target, now }: Question): {
  messages: Alert[];
  told: Record<string, SentMessage>;
} {
  // Before the first plan, what is not seen is not over either.
  if (snapshot.source.planned === null) return { messages: [], told: { ...told } };
  const wanted = alerts(snapshot).filter((alert) => target.events.includes(alert.event));
  const news: Alert[] = [];
  const next: Record<string, SentMessage> = {};
  for (const alert of wanted) {
    const before = told[alert.key];
    const isDue = before === undefined || isOver(before, { now, repeatMs: target.repeatIntervalMs });
    const mayRepeat = before === undefined || before.state !== "told" || !HAPPENS.has(alert.event);
    if (isDue && mayRepeat) {
      news.push(alert);
      next[alert.key] = { at: now, state: "told" };
    } else {
      // Back so soon: whoever was told of it a moment ago need not hear it each time.
      next[alert.key] = before!.state === "over" ? { ...before!, state: "silent" } : before!;
    }
  }
  for (const [key, before] of Object.entries(told)) {
    if (next[key] !== undefined) continue;
    const ended = before.state === "over" ? null : resolvedAlert(key, snapshot);
    if (ended === null) {
      // Neither bad nor well: it starts, or nobody can see it.
      if (before.state !== "over") next[key] = before;
      else if (!isOver(before, { now, repeatMs: target.repeatIntervalMs })) next[key] = before;
      continue;
    }
    if (ended !== "gone" && before.state === "told" && target.events.includes("recovered")) news.push(ended);
    next[key] = { ...before, state: "over" };
  }
  const kept = Object.entries(next).sort(([, a], [, b]) => b.at - a.at).slice(0, MOST_TOLD);
  return { messages: news, told: Object.fromEntries(kept) };
}

/** A clock that was set back makes nothing wait for years. */
function isOver({ at, state }: SentMessage, { now, repeatMs }: { now: number; repeatMs: number | null }): boolean {
  if (repeatMs === null) return state === "over";
  return now - at >= repeatMs || now < at - repeatMs;
}
