/** Every path that the daemon owns, in one place. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Failure } from "../failure.ts";

export interface DataDir {
  root: string;
  lock: string;
  socket: string;
  /** The device's id. Outside `state`, which may be lost. */
  device: string;
  state: string;
  workloads: string;
  source: string;
  /** What is under way. */
  journal: string;
  /** Which images were pulled. */
  images: string;
  /** What others are still to be told. */
  notify: string;
  /** The last webhook deliveries. */
  deliveries: string;
  /** The revision that is processed. */
  attempt: string;
  repository: string;
  /** The revision that `harbornode plan` looks at. Nothing is here but while it does. */
  preview: string;
  /** Content of the workloads' folders, one folder a content. */
  files: string;
  /** Programs that were downloaded, one folder a content. */
  artifacts: string;
  logs: string;
  /** What services write: one folder each, never removed by us. */
  services: string;
  /** What secrets for this device are encrypted to, unless the settings name another one. Outside `state` too. */
  identity: string;
  /** Files with secrets of what runs, unless there is a better place for them. */
  credentials: string;
  /** Records of native instances, on a file system that a reboot empties where there is one. */
  run: string;
}

export function dataDir(root: string, deviceId: string): DataDir {
  const state = join(root, "state");
  const runs = Deno.uid() === 0 ? join("/run/harbornode", deviceId) : join(root, "run");
  return {
    root,
    lock: join(root, "lock"),
    socket: controlSocket(root),
    device: deviceFile(root),
    state,
    workloads: join(state, "workloads"),
    source: join(state, "source.json"),
    journal: join(state, "journal.jsonl"),
    images: join(state, "images.json"),
    notify: join(state, "notify.json"),
    deliveries: join(state, "deliveries.json"),
    attempt: join(state, "attempt.json"),
    repository: join(root, "repository"),
    preview: join(root, "repository.preview"),
    files: join(root, "files"),
    artifacts: join(root, "artifacts"),
    logs: join(root, "logs"),
    services: join(root, "services"),
    identity: identityFile(root),
    credentials: Deno.uid() === 0 ? join("/run/harbornode", `${deviceId}.credentials`) : join(root, "credentials"),
    run: runs,
  };
}

/** Where the running daemon listens for the command line. */
export function controlSocket(root: string): string {
  return join(root, "harbornode.sock");
}

/** The device's age identity, unless the settings name another one. */
export function identityFile(root: string): string {
  return join(root, "identity.txt");
}

export function deviceFile(root: string): string {
  return join(root, "device.json");
}

/** Makes the folders that are missing, for the owner alone. */
export async function makeFolders(dir: DataDir): Promise<void> {
  for (const path of [dir.root, dir.state, dir.workloads, dir.files, dir.artifacts, dir.logs, dir.services, dir.run]) {
    try {
      // Services of other users reach their own folders below: the names above may be passed, not listed.
      await Deno.mkdir(path, { recursive: true, mode: path === dir.state || path === dir.workloads ? 0o700 : 0o711 });
    } catch (error) {
      throw new Failure(`cannot make the folder "${path}": ${error instanceof Error ? error.message : error}`, {
        kind: "refused",
        reason: "permission_denied",
        hint: "set data_dir in config.toml to a folder that this user can write",
        cause: error,
      });
    }
  }
}

/**
 * An id for a device that has none yet. The same machine and folder give the same id again, so that a lost data_dir
 * does not orphan the instances that carry it.
 */
export function newDeviceId(machineId: string, root: string): string {
  return createHash("sha256").update(`${machineId}\0${root}`).digest("hex").slice(0, 16);
}
