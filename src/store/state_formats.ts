/** Every file of the state that has a format, so that a build can say of a whole data_dir whether it could read it. */
import { join } from "node:path";
import { dataDir } from "./data_dir.ts";
import { DELIVERIES } from "./delivery_log.ts";
import { IMAGES } from "./image_inventory.ts";
import { WORKLOAD } from "./workload_state_store.ts";
import { ATTEMPT } from "./revision_in_progress.ts";
import { NOTIFICATIONS } from "./notify_state.ts";
import { SOURCE } from "./source_state.ts";
import { type Format, type NewerFile, newerThan } from "./versioned_file.ts";

/** Who the device is. */
export const IDENTITY: Format<{ id: string }> = {
  version: 1,
  check(value) {
    const id = (value as { id?: unknown } | null)?.id;
    return typeof id === "string" && /^[0-9a-f]{16}$/.test(id) ? { id } : null;
  },
};

/** What of the state of this data_dir this build could not read, since a newer one wrote it. Changes nothing. */
export async function newerState(root: string): Promise<NewerFile[]> {
  const found: NewerFile[] = [];
  for (const { path, version } of await stateFiles(root)) {
    const newer = await newerThan(path, version);
    if (newer !== null) found.push(newer);
  }
  return found;
}

/** Removes what was kept in older formats: once this build has shown that it works, nobody goes back to them. */
export async function forgetOlderState(root: string): Promise<void> {
  for (const { path, version } of await stateFiles(root)) {
    for (let older = 1; older < version; older++) await Deno.remove(`${path}.aside-${older}`).catch(() => {});
  }
}

async function stateFiles(root: string): Promise<{ path: string; version: number }[]> {
  const dir = dataDir(root, "");
  const workloads = (await namesIn(dir.workloads)).filter((name) => name.endsWith(".json"));
  return [
    { path: dir.device, version: IDENTITY.version },
    { path: dir.source, version: SOURCE.version },
    { path: dir.attempt, version: ATTEMPT.version },
    { path: dir.images, version: IMAGES.version },
    { path: dir.notify, version: NOTIFICATIONS.version },
    { path: dir.deliveries, version: DELIVERIES.version },
    ...workloads.map((name) => ({ path: join(dir.workloads, name), version: WORKLOAD.version })),
  ];
}

async function namesIn(directory: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}
