/** What follows when the state cannot be saved, and when it can be again. */
import { isOfDisk } from "../failure.ts";
import { logger } from "../log.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Unsaved } from "../store/unsaved_reason.ts";
import { isoTime } from "../model/iso_timestamp.ts";
import { addEvent, type Device, notifyListeners } from "./device.ts";

const log = logger("daemon");

/** Says so at once, whenever it changes, and tries everything again that the disk kept from happening. */
export function watchUnsavedState(device: Device): void {
  device.disk.watch((unsaved) => {
    if (unsaved !== null) {
      addEvent(device, { workload: null, reason: unsaved.reason, message: unsaved.message });
    } else {
      addEvent(device, { workload: null, reason: "running", message: "the disk can be written again: all is saved" });
      tryAgain(device);
    }
    if (device.snapshot !== null) device.snapshot.device.state_unsaved = unsavedStatus(unsaved);
    notifyListeners(device);
  });
}

/** Nothing that a disk was the reason for waits any longer. */
function tryAgain(device: Device): void {
  for (const [name, { reason }] of device.retries) if (isOfDisk(reason)) device.retries.delete(name);
  device.vault.retry().then((isNew) => {
    if (isNew) device.reloadRevision = true;
    device.syncTrigger.fire();
    device.trigger.fire();
  }).catch((error) => log.error("the identity cannot be read: {error}", { error }));
}

export function unsavedStatus(unsaved: Unsaved | null): Snapshot["device"]["state_unsaved"] {
  if (unsaved === null) return null;
  const { since, reason, message, hint } = unsaved;
  return { since: isoTime(since), reason, message, hint };
}

/** What the owner asked for, with a word about what a restart of the machine would forget. */
export function withUnsavedWarning({ disk: { unsaved } }: Device, sentence: string): string {
  return unsaved === null ? sentence : `${sentence}; a restart of this machine forgets it: ${unsaved.message}`;
}
