/** What a rollout that came to its end leaves behind: its last words, and events. */
import { logger, redactSecrets } from "../log.ts";
import type { RolloutRecord, RolloutState } from "../model/rollout.ts";
import type { Instance } from "../model/instance.ts";
import type { RuntimeName } from "../model/workload.ts";
import type { Prober } from "../probe/prober.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { EventLog } from "./event_log.ts";
import { shortId } from "../model/git_ref.ts";
import { isoTime } from "../model/iso_timestamp.ts";

const log = logger("rollout");

const LINES = 50;
/** A way back must not wait for a Docker that is slow to tell. */
const READ_MS = 5000;

interface Change {
  name: string;
  before: RolloutState;
  after: RolloutState;
}

export interface EvidenceSources {
  instances: readonly Instance[];
  prober: Prober;
  runtimes: ReadonlyMap<RuntimeName, Runtime>;
}

/** `after`, with the output and the probes of what failed: its instances are about to be removed. */
export async function withEvidence({ name, before, after }: Change, sources: EvidenceSources): Promise<RolloutState> {
  const ended = after.history.at(-1);
  if (ended === undefined || !isNew(ended, before) || !FAILED.has(ended.outcome)) return after;
  const evidence = await evidenceOf({ name, fingerprint: ended.fingerprint }, sources);
  return { ...after, history: [...after.history.slice(0, -1), { ...ended, evidence }] };
}

const FAILED: ReadonlySet<RolloutRecord["outcome"]> = new Set(["failed", "rolled-back"]);

async function evidenceOf(
  { name, fingerprint }: { name: string; fingerprint: string },
  { instances: all, prober, runtimes }: EvidenceSources,
): Promise<NonNullable<RolloutRecord["evidence"]>> {
  const instances = all
    .filter((instance) => instance.workload === name && instance.fingerprint === fingerprint);
  const probes = instances.flatMap((instance) => prober.results(instance.id))
    .map(({ at, ok, output }) => `${isoTime(at)} ${ok ? "passed" : "failed"}: ${output}`);
  const failed = instances.find((instance) => instance.state === "exited") ?? instances[0];
  const runtime = failed === undefined ? undefined : runtimes.get(failed.runtime);
  if (failed === undefined || runtime === undefined) return { lines: [], probes };
  const signal = AbortSignal.timeout(READ_MS);
  const options = { tail: LINES, since: failed.startedAt, follow: false, signal };
  const lines = await Array.fromAsync(runtime.logs(name, options)).catch(() => []);
  const own = lines.filter((line) => line.slot === failed.slot).map((line) => redactSecrets(line.text));
  return { lines: own.slice(-LINES), probes };
}

export function emitRolloutEvents(events: EventLog, { name, before, after }: Change): void {
  const ended = after.history.at(-1);
  if (ended !== undefined && isNew(ended, before)) {
    const message = rolloutSentence(name, ended, after);
    if (FAILED.has(ended.outcome)) log.error("{message}", { message, reason: ended.reason });
    else log.info("{message}", { message });
    // What ended for good with nothing to go back to is told with its last lines, when its chain has ended.
    const isToldElsewhere = ended.outcome === "failed" && ended.reason !== "health_timeout";
    if (!isToldElsewhere) events.add({ workload: name, reason: ended.reason, message });
  }
  const { refused } = after;
  if (refused === undefined || refused.state === before.refused?.state || refused.by === "owner") return;
  if (refused.state === "going-back") return;
  const message = refused.state === "back"
    ? `${name} runs again as ${shortId(refused.target)}, the last version that was healthy`
    : `${name} did not become healthy as ${shortId(refused.target)} either: nothing else is tried`;
  events.add({ workload: name, reason: refused.state === "back" ? "rolled_back" : "health_timeout", message });
}

function rolloutSentence(
  name: string,
  { fingerprint, outcome, message }: RolloutRecord,
  { refused }: RolloutState,
): string {
  const what = `${name} ${shortId(fingerprint)}`;
  if (outcome === "healthy") return `${what} is healthy: ${message}`;
  if (outcome === "superseded") return `${what} was given up: ${message}`;
  if (outcome === "failed" || refused === undefined) {
    return `${what} failed, and there is nothing to go back to: ${message}`;
  }
  return `${what} failed and goes back to ${shortId(refused.target)}: ${message}`;
}

function isNew({ fingerprint, startedAt, endedAt }: RolloutRecord, { history }: RolloutState): boolean {
  const last = history.at(-1);
  return last?.fingerprint !== fingerprint || last.startedAt !== startedAt || last.endedAt !== endedAt;
}
