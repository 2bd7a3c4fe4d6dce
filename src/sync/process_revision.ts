/** From a revision to desired state with its files on disk, noted in the crash guard for as long as that takes. */
import type { Desired } from "../model/desired.ts";
import { spaceAboveReserve } from "../os/disk_reserve.ts";
import type { Executor } from "../reconciler/executor/executor.ts";
import type { Observer } from "../reconciler/observer.ts";
import type { StateStore } from "../reconciler/state_store.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Settings } from "../settings/settings.ts";
import type { Revision } from "../source/source.ts";
import type { CrashGuard } from "./crash_guard.ts";
import { deviceFacts } from "./device_facts.ts";
import { loadRevision, type Materialised, materializeFiles } from "./load_revision.ts";
import { removeStaleFiles } from "./remove_stale_files.ts";
import { resolveSecrets } from "./resolve_secrets.ts";

export interface ProcessOptions {
  settings: Pick<Settings, "limits" | "device" | "labels" | "runtime">;
  state: StateStore;
  observer: Observer;
  executor: Executor;
  vault: Vault;
  guard: CrashGuard;
  /** Directory of the workloads' files. */
  filesDir: string;
  /** Desired state until now. */
  before: Desired | null;
}

/**
 * Loads the revision, and writes the files of its workloads. The note in the crash guard stays until the first reconcile
 * with the result has ended. Throws a `Failure` for a revision that is set aside, before anything of it is read.
 */
export async function processRevision(revision: Revision, options: ProcessOptions): Promise<Materialised> {
  const { guard, vault, filesDir, settings, state } = options;
  const refusal = guard.refusal(revision.id);
  if (refusal !== null) {
    await guard.keep();
    throw refusal;
  }
  await guard.begin(revision.id);
  try {
    const facts = deviceFacts(settings, state.source.current);
    const desired = await resolveSecrets(await loadRevision(revision, facts), vault);
    await removeStaleFiles(options);
    const { diskReserveBytes: reserveBytes } = settings.limits;
    return await materializeFiles(desired, revision, { root: filesDir, reserveBytes });
  } catch (error) {
    await guard.end(revision.id);
    throw error;
  }
}

/** Returns whether files that did not fit on the disk (`lackingBytes`; null for none) would fit now. */
export async function hasRoomAgain(
  lackingBytes: number | null,
  limit: { directory: string; reserveBytes: number },
): Promise<boolean> {
  return lackingBytes !== null && await spaceAboveReserve(limit) >= lackingBytes;
}
