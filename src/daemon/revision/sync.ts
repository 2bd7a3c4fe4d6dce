/** The sync loop: look at the repository, fetch what is new, read it. Beside the passes, so that a slow server holds up nothing. */
import { asFailure, type Failure } from "../../failure.ts";
import { logger } from "../../log.ts";
import type { Desired } from "../../model/desired.ts";
import { canonical } from "../../model/fingerprint.ts";
import { nextPoll } from "../../source/poll.ts";
import { writeSourceMemory } from "../../store/source_memory.ts";
import { cleanFiles } from "./clean_files.ts";
import { addEvent, type Device, isoTime, tell } from "../device.ts";
import { materialiseAll, readRevision } from "./read.ts";
import { withSecrets } from "./secrets.ts";

const log = logger("sync");

/** Until the daemon stops. Never throws but for that. */
export async function syncLoop(device: Device): Promise<void> {
  const { intervalMs } = device.settings.repo;
  let failures = 0;
  while (!device.stopped.aborted) {
    const failure = await syncOnce(device);
    failures = failure === null ? 0 : failures + 1;
    const delayMs = nextPoll({ intervalMs, failures, failure, jitter: Math.random() });
    try {
      await device.syncWake.next(delayMs, device.stopped);
    } catch {
      return;
    }
  }
}

/** One look. What is desired changes only when all of the new revision is here and read. */
export async function syncOnce(device: Device): Promise<Failure | null> {
  const { source, sourceStatus, sourceMemory } = device;
  const deadline = AbortSignal.any([device.stopped, AbortSignal.timeout(device.settings.repo.timeoutMs)]);
  let failure: Failure | null = null;
  device.looking = true;
  try {
    if (device.desired === null) show(device, "looking at the repository");
    const head = await source.head(deadline);
    sourceMemory.seen = head;
    if (device.desired?.revision !== head) await take(device, head, deadline);
    sourceStatus.sync = "synced";
    sourceStatus.error = null;
    sourceStatus.last_sync_at = isoTime(device.clock.now());
  } catch (error) {
    if (device.stopped.aborted) return null;
    failure = asFailure(error);
    const { reason, message, hint } = failure;
    if (sourceStatus.error?.message !== message) {
      log.error("{message}", { message, reason, hint: hint ?? "" });
      addEvent(device, { workload: null, reason, message });
    }
    sourceStatus.sync = "failed";
    sourceStatus.error = { reason, message, hint: hint ?? null };
  }
  sourceStatus.progress = null;
  device.looking = false;
  device.looksEnded++;
  await writeSourceMemory(device.dir.source, device.sourceMemory).catch((error) => {
    log.error("cannot write {path}: {error}", { path: device.dir.source, error });
  });
  device.wake.now();
  return failure;
}

async function take(device: Device, head: string, signal: AbortSignal): Promise<void> {
  show(device, `fetching revision ${head.slice(0, 7)}`);
  const revision = await device.source.fetch(head, (message) => show(device, message), signal);
  device.sourceMemory.attempted = revision.id;
  const read = await withSecrets(await readRevision(revision, device.settings), device.vault);
  await cleanFiles(device);
  const desired = await materialiseAll(read, revision, device.dir.files);
  const { id, subject, author } = revision;
  device.revision = { id, subject, author };
  forgetAttempts(device, desired);
  device.desired = desired;
  const count = desired.workloads.length;
  const message = `revision ${id.slice(0, 7)} "${subject}" asks for ${count} ${count === 1 ? "workload" : "workloads"}`;
  addEvent(device, { workload: null, reason: "created", message });
  log.info("{message}", { message });
  for (const invalid of desired.invalid) {
    log.warn('"{path}" has problems: {first}', { path: invalid.path, first: invalid.problems[0]?.message ?? "" });
  }
}

/** What a person has just changed is tried at once, also where its fingerprint stays the same. */
function forgetAttempts(device: Device, desired: Desired): void {
  const before = new Map(device.desired?.workloads.map((one) => [one.name, one]));
  for (const workload of desired.workloads) {
    if (canonical(before.get(workload.name)) !== canonical(workload)) device.attempts.delete(workload.name);
  }
}

function show(device: Device, message: string): void {
  device.sourceStatus.sync = "syncing";
  device.sourceStatus.progress = message;
  if (device.snapshot !== null) {
    device.snapshot.source.sync = "syncing";
    device.snapshot.source.progress = message;
  }
  tell(device);
}
