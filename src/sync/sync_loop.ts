/** The sync loop: look at the repository, fetch what is new, read it. Beside the passes, so that a slow server holds up nothing. */
import { asFailure, type Failure } from "../failure.ts";
import { logger } from "../log.ts";
import type { Desired } from "../model/desired.ts";
import { canonical } from "../model/fingerprint.ts";
import { nextPollInterval } from "../source/poll_interval.ts";
import { writeSourceState } from "../store/source_state.ts";
import { addEvent, type Device, notifyListeners } from "../daemon/device.ts";
import { hasRoomAgain, processRevision } from "./process_revision.ts";
import { RevisionDelayed } from "./commit_trailers.ts";
import { shortId } from "../model/git_ref.ts";
import { isoTime } from "../model/iso_timestamp.ts";

const log = logger("sync");

/** Until the daemon stops. Never throws but for that. */
export async function syncLoop(device: Device): Promise<void> {
  const { intervalMs } = device.settings.repo;
  let failures = 0;
  while (!device.stopped.aborted) {
    const failure = await syncOnce(device);
    failures = failure === null ? 0 : failures + 1;
    const delayMs = nextPollInterval({ intervalMs, failures, failure, jitter: Math.random() });
    try {
      await device.syncTrigger.wait(delayMs, device.stopped);
    } catch {
      return;
    }
  }
}

/** One look. What is desired changes only when all of the new revision is here and read. */
export async function syncOnce(device: Device): Promise<Failure | null> {
  const { source, sourceStatus, sourceState } = device;
  const deadline = AbortSignal.any([device.stopped, AbortSignal.timeout(device.settings.repo.timeoutMs)]);
  let failure: Failure | null = null;
  device.syncing = true;
  try {
    if (device.desired === null) show(device, "looking at the repository");
    const head = await source.head(deadline);
    sourceState.seen = head;
    if (await hasRoomAgain(device)) device.reloadRevision = true;
    const isNew = device.desired?.revision !== head || device.reloadRevision;
    if (isNew && !staysDelayed(device, head)) await take(device, head, deadline);
    if (sourceStatus.delayed?.revision !== head) sourceStatus.delayed = null;
    sourceStatus.sync = sourceStatus.delayed === null ? "synced" : "delayed";
    sourceStatus.error = null;
    sourceStatus.last_sync_at = isoTime(device.clock.now());
  } catch (error) {
    if (device.stopped.aborted) return null;
    if (error instanceof RevisionDelayed) return delay(device, error);
    failure = asFailure(error);
    const { reason, message, hint } = failure;
    if (sourceStatus.error?.message !== message) {
      log.error("{message}", { message, reason, hint: hint ?? "" });
      addEvent(device, { workload: null, reason, message });
    }
    sourceStatus.sync = "failed";
    sourceStatus.error = { reason, message, hint: hint ?? null, transient: failure.kind === "transient" };
  }
  await end(device);
  return failure;
}

async function end(device: Device): Promise<void> {
  device.sourceStatus.progress = null;
  device.syncing = false;
  device.syncCount++;
  await writeSourceState(device.dir.source, device.sourceState, device.disk);
  device.trigger.fire();
}

/** Not fetched again just to find the same. */
function staysDelayed({ sourceStatus: { delayed }, clock }: Device, head: string): boolean {
  return delayed?.revision === head && (delayed.until === null || Date.parse(delayed.until) > clock.now());
}

/** What runs goes on as the revision before has it; the next look may find that the time has come, or another head. */
async function delay(device: Device, { reason, message, until }: RevisionDelayed): Promise<null> {
  const { sourceStatus, sourceState, clock } = device;
  if (sourceStatus.delayed?.message !== message) {
    log.info("{message}", { message });
    addEvent(device, { workload: null, reason, message });
  }
  const ends = until === null ? null : isoTime(until);
  Object.assign(sourceStatus, {
    sync: "delayed",
    error: null,
    delayed: { revision: sourceState.seen!, reason, message, until: ends },
    last_sync_at: isoTime(clock.now()),
  });
  await end(device);
  return null;
}

async function take(device: Device, head: string, signal: AbortSignal): Promise<void> {
  const refusal = device.processing.refusal(head);
  if (refusal !== null) throw refusal;
  show(device, `fetching revision ${shortId(head)}`);
  const revision = await device.source.fetch(head, (message) => show(device, message), signal);
  device.reloadRevision = false;
  const isKnown = device.desired?.revision === revision.id;
  device.sourceState.attempted = revision.id;
  const desired = await processRevision(device, revision);
  const { id, subject, author } = revision;
  device.revision = { id, subject, author };
  forgetAttempts(device, desired);
  device.desired = desired;
  device.sourceStatus.delayed = null;
  // Some files did not get onto the disk: that was said, and the poll tries again.
  if (isKnown && device.reloadRevision) return;
  const count = desired.workloads.length;
  const message = `revision ${shortId(id)} "${subject}" asks for ${count} ${count === 1 ? "workload" : "workloads"}`;
  addEvent(device, { workload: null, reason: "created", message });
  log.info("{message}", { message });
  for (const invalid of desired.invalid) {
    log.warn('"{path}" has problems: {first}', { path: invalid.path, first: invalid.problems[0]?.message ?? "" });
  }
}

/** What a person has just changed is tried at once, also where its fingerprint stays the same. */
function forgetAttempts(device: Device, desired: Desired): void {
  const before = new Map(device.desired?.workloads.map((spec) => [spec.name, spec]));
  for (const workload of desired.workloads) {
    if (canonical(before.get(workload.name)) !== canonical(workload)) device.retries.delete(workload.name);
  }
}

function show(device: Device, message: string): void {
  device.sourceStatus.sync = "syncing";
  device.sourceStatus.progress = message;
  if (device.snapshot !== null) {
    device.snapshot.source.sync = "syncing";
    device.snapshot.source.progress = message;
  }
  notifyListeners(device);
}
