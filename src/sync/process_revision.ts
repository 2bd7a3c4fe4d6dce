/** What the daemon itself does with a revision, noted in `Processing` for as long as it takes. */
import type { Desired } from "../model/desired.ts";
import type { Revision } from "../source/source.ts";
import { spaceAboveReserve } from "../os/disk_space.ts";
import type { Device } from "../daemon/device.ts";
import { removeStaleFiles } from "./remove_stale_files.ts";
import { loadRevision, materializeFiles } from "./load_revision.ts";
import { resolveSecrets } from "./resolve_secrets.ts";
import { deviceFacts } from "./device_facts.ts";

/**
 * Reads the revision and puts its files on disk; the note stays until the first pass with the result has ended. Throws a
 * `Failure` for a revision that is set aside, before anything of it is read.
 */
export async function processRevision(device: Device, revision: Revision): Promise<Desired> {
  const { processing, vault, dir, settings } = device;
  const refusal = processing.refusal(revision.id);
  if (refusal !== null) {
    await processing.keep();
    throw refusal;
  }
  await processing.begin(revision.id);
  try {
    const read = await resolveSecrets(await loadRevision(revision, deviceFacts(device)), vault);
    await removeStaleFiles(device);
    const { diskReserveBytes: reserveBytes } = settings.limits;
    const { desired, lackingBytes, isRefused } = await materializeFiles(read, revision, {
      root: dir.files,
      reserveBytes,
    });
    device.lackingBytes = lackingBytes;
    // The same revision is looked at again until all of its files are here.
    if (isRefused) device.reloadRevision = true;
    return desired;
  } catch (error) {
    await processing.end(revision.id);
    throw error;
  }
}

/** Whether files of the revision that did not fit on the disk would fit now. False when all fitted. */
export async function hasRoomAgain({ lackingBytes, dir, settings }: Device): Promise<boolean> {
  if (lackingBytes === null) return false;
  const { diskReserveBytes: reserveBytes } = settings.limits;
  return await spaceAboveReserve({ directory: dir.files, reserveBytes }) >= lackingBytes;
}
