/** Every path that the daemon owns, in one place. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { diskFailure, Failure } from "../failure.ts";

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
  /** What data_dir does not take while its disk is full or read-only, in the runtime directory; null without one. */
  aside: { socket: string; state: string; logs: string } | null;
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
    aside: asideOf(root, runtimeDirectory()),
  };
}

const SOCKET = "harbornode.sock";

/** As file-hierarchy(7) has it; null for a user who has none. */
function runtimeDirectory(): string | null {
  return Deno.uid() === 0 ? "/run" : Deno.env.get("XDG_RUNTIME_DIR") ?? null;
}

/** Known by the folder's path alone: who has lost the folder must find it too. */
function asideOf(root: string, runtime: string | null): DataDir["aside"] {
  if (runtime === null) return null;
  const key = createHash("sha256").update(root).digest("hex").slice(0, 16);
  const directory = join(runtime, "harbornode", `${key}.aside`);
  return { socket: join(directory, SOCKET), state: join(directory, "state"), logs: join(directory, "logs") };
}

/** Where the running daemon listens for the command line. */
export function controlSocket(root: string): string {
  return join(root, SOCKET);
}

/** Where it may listen: `controlSocket` first, then where a daemon does whose data_dir takes no socket. */
export function controlSockets(root: string): string[] {
  const aside = ["/run", runtimeDirectory()].flatMap((runtime) => asideOf(root, runtime)?.socket ?? []);
  return [...new Set([controlSocket(root), ...aside])];
}

/** The device's age identity, unless the settings name another one. */
export function identityFile(root: string): string {
  return join(root, "identity.txt");
}

export function deviceFile(root: string): string {
  return join(root, "device.json");
}

/**
 * Makes the folders that are missing, for the owner alone. Returns what the disk refused, null for nothing: what runs can
 * be controlled without them. Throws a `Failure` for every other error.
 */
export async function makeDirectories(dir: DataDir): Promise<Failure | null> {
  let refused: Failure | null = null;
  for (const path of [dir.root, dir.state, dir.workloads, dir.files, dir.artifacts, dir.logs, dir.services, dir.run]) {
    try {
      await makeFolder(path, { mode: path === dir.state || path === dir.workloads ? 0o700 : 0o711 });
    } catch (error) {
      // A daemon has to be able to name what it starts, whatever the disk of data_dir does.
      if (diskFailure(error instanceof Failure ? error.cause : error) === null) throw error;
      refused ??= error as Failure;
    }
  }
  return refused;
}

/** Services of other users reach their own folders below: the names above may be passed, not listed. */
export async function makeFolder(path: string, { mode }: { mode: number }): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode });
  } catch (error) {
    const ofDisk = diskFailure(error);
    const why = error instanceof Error ? error.message : error;
    throw new Failure(`cannot make the folder "${path}": ${why}`, {
      kind: "refused",
      reason: ofDisk?.reason ?? "permission_denied",
      hint: ofDisk?.hint ?? "set data_dir in config.toml to a folder that this user can write",
      cause: error,
    });
  }
}

/**
 * An id for a device that has none yet. The same machine and folder give the same id again, so that a lost data_dir
 * does not orphan the instances that carry it.
 */
export function newDeviceId(machineId: string, root: string): string {
  return createHash("sha256").update(`${machineId}\0${root}`).digest("hex").slice(0, 16);
}
