import { join } from "node:path";
import { canCollapse } from "../../runtime/native/log/collapse_range.ts";
import { deviceFile } from "../../store/data_dir.ts";
import type { Check } from "../check.ts";
import { type Finding, ok, orOk, problem, skipped, warning } from "../finding.ts";
import { findMount, type Mount, readText } from "../inspect_host.ts";

export interface DataDirFacts {
  path: string;
  /** Null where there is none yet. */
  folder: { owner: number | null; mode: number; isFolder: boolean } | null;
  mount: Mount | null;
  isRoot: boolean;
  /** What a file that was written, synced and removed again came to; null where this user may not write there. */
  trial: { failure: string | null; collapses: boolean } | null;
  device: "fine" | "missing" | "damaged" | "unreadable";
}

export const dataDir: Check<DataDirFacts, "settings"> = {
  group: "storage",
  name: "data_dir",
  needs: ["settings"],
  async gather({ settings: { dataDir: path }, isRoot }) {
    const info = await Deno.stat(path).catch(() => null);
    const mount = await findMount(path);
    const mayTry = info?.isDirectory === true && mount?.isReadOnly === false && (isRoot || info.uid === Deno.uid());
    return {
      path,
      folder: info === null ? null : { owner: info.uid, mode: (info.mode ?? 0) & 0o777, isFolder: info.isDirectory },
      mount,
      isRoot,
      trial: mayTry ? await trialOf(path) : null,
      device: await deviceOf(path),
    };
  },
  evaluate(facts) {
    const { path, folder, mount, trial, device, isRoot } = facts;
    const found: Finding[] = mount === null ? [] : judgeMount(mount, path);
    if (folder === null) return [...found, ok(`"${path}" is not there yet; the daemon makes it`)];
    if (!folder.isFolder) return [problem(`"${path}" is no folder`, "name a folder as data_dir in config.toml")];
    // Whoever may write there may replace what runs as root.
    if ((folder.mode & 0o022) !== 0) found.push(warning(`others may write to "${path}"`, `sudo chmod go-w ${path}`));
    if (isRoot && folder.owner !== 0) {
      found.push(warning(`"${path}" belongs to user ${folder.owner}, not to root`, `sudo chown root: ${path}`));
    }
    if (trial !== null && trial.failure !== null) {
      found.push(
        problem(`nothing can be written safely to "${path}": ${trial.failure}`, `see what is wrong: dmesg | tail`),
      );
    }
    if (device === "damaged") {
      const hint = `sudo rm ${deviceFile(path)}, and restart the daemon: it makes the same one again`;
      found.push(problem(`"${deviceFile(path)}" is damaged`, hint));
    }
    if (found.length > 0) return found;
    if (trial === null) return [skipped(`whether "${path}" can be written needs root`, "sudo harbornode doctor")];
    return orOk(found, `${path} on ${mount?.kind ?? "?"}${trial.collapses ? "" : ", where logs are cut by copying"}`);
  },
};

/** What is true of file systems by their kind: owners and modes, rename over a file, a life beyond the next start. */
function judgeMount({ kind, path: mount, isReadOnly, device }: Mount, path: string): Finding[] {
  if (isReadOnly) {
    const hint = `see why: dmesg | grep -i ${device.replace(/^\/dev\//, "")}; then: sudo mount -o remount,rw ${mount}`;
    return [problem(`"${mount}", which holds "${path}", is mounted read-only`, hint)];
  }
  const elsewhere = "set data_dir in config.toml to a folder on ext4, xfs, btrfs or f2fs";
  if (/^(vfat|exfat|msdos|ntfs3?|fuseblk)$/.test(kind)) {
    return [problem(`"${path}" is on ${kind}, which has no owners and no safe rename`, elsewhere)];
  }
  if (/^(nfs4?|cifs|smb3|9p|fuse\..*|ceph)$/.test(kind)) {
    return [warning(`"${path}" is on ${kind}: without the network the device would not start`, elsewhere)];
  }
  if (/^(tmpfs|ramfs)$/.test(kind)) {
    return [warning(`"${path}" is on ${kind}, and gone with the next restart`, elsewhere)];
  }
  if (kind === "overlay") {
    return [warning(`"${path}" is on an overlay, which is often gone with the next restart`, elsewhere)];
  }
  return [];
}

/** A file written and synced as state is; what is made is removed. */
async function trialOf(path: string): Promise<NonNullable<DataDirFacts["trial"]>> {
  const name = join(path, `.doctor-${crypto.randomUUID()}`);
  try {
    const file = await Deno.open(name, { write: true, createNew: true, mode: 0o600 });
    try {
      await file.write(new Uint8Array(4096));
      await file.sync();
    } finally {
      file.close();
    }
    return { failure: null, collapses: canCollapse(path) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error), collapses: false };
  } finally {
    await Deno.remove(name).catch(() => {});
  }
}

/** Not as the store reads it: that would set a damaged file aside. */
async function deviceOf(path: string): Promise<DataDirFacts["device"]> {
  const file = deviceFile(path);
  const text = await readText(file);
  if (text === null) {
    return await Deno.lstat(file).then(
      () => "unreadable",
      (error) => error instanceof Deno.errors.NotFound ? "missing" : "unreadable",
    );
  }
  try {
    const { value } = JSON.parse(text) as { value?: { id?: unknown } };
    return typeof value?.id === "string" && /^[0-9a-f]{16}$/.test(value.id) ? "fine" : "damaged";
  } catch {
    return "damaged";
  }
}
