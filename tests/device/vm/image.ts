/**
 * Disk images of test devices: Debian packages, put together by mmdebstrap and mke2fs in a folder of the user's cache.
 * Building needs root and takes a minute or more; a built image is used until the recipe changes.
 */
import { dirname, join } from "node:path";
import { DISK_SIZE, DPKG_OPTIONS, type ImageKind, recipeKey, recipeOf, SUITE } from "./recipe.ts";
import { runProgram } from "./run_program.ts";

const BUILD_TIMEOUT_MS = 20 * 60_000;
const STEP_TIMEOUT_MS = 5 * 60_000;

/** Images of older recipes are removed when no machine has used them for this time. */
const UNUSED_MS = 14 * 24 * 3600_000;

/** Debian's key of the packages; on other distributions the package debian-archive-keyring has it. */
export const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Paths of the files of an image. */
export interface Image {
  kind: ImageKind;
  directory: string;
  disk: string;
  kernel: string;
  initrd: string;
  /** Private key of root's SSH login. */
  key: string;
}

/** Returns the image, and builds it first when the cache does not hold it. `say` gets a line on what takes time. */
export async function deviceImage(kind: ImageKind, say: (line: string) => void): Promise<Image> {
  const image = await imagePaths(kind);
  if (!await exists(image.disk)) {
    await removeLeftovers(dirname(image.directory));
    const begun = performance.now();
    say(`building the disk image of a test device (${kind.architecture}${kind.docker ? ", Docker" : ""})`);
    await build(image);
    say(`the image took ${Math.round((performance.now() - begun) / 1000)} s: ${image.directory}`);
  }
  const now = new Date();
  await Deno.utime(image.directory, now, now);
  return image;
}

/** Tells whether `deviceImage` would return at once. */
export async function isBuilt(kind: ImageKind): Promise<boolean> {
  return await exists((await imagePaths(kind)).disk);
}

async function imagePaths(kind: ImageKind): Promise<Image> {
  const directory = join(cacheFolder(), await recipeKey(kind));
  return { kind, directory, ...pathsIn(directory) };
}

function pathsIn(directory: string) {
  return {
    disk: join(directory, "root.img"),
    kernel: join(directory, "vmlinuz"),
    initrd: join(directory, "initrd.img"),
    key: join(directory, "key"),
  };
}

function cacheFolder(): string {
  const home = Deno.env.get("HOME") ?? "/root";
  return join(Deno.env.get("XDG_CACHE_HOME") || join(home, ".cache"), "harbornode", "device");
}

/** Builds beside the place and renames, so that a build that is cut short leaves no image that looks complete. */
async function build({ kind, directory }: Image): Promise<void> {
  await Deno.mkdir(dirname(directory), { recursive: true });
  const work = await Deno.makeTempDir({ dir: dirname(directory), prefix: `.build-${Deno.pid}-` });
  try {
    // apt downloads as a user of its own.
    await Deno.chmod(work, 0o755);
    const { disk, kernel, initrd, key } = pathsIn(work);
    await runProgram("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "device", "-f", key], {
      timeoutMs: STEP_TIMEOUT_MS,
    });
    const root = join(work, "root");
    await makeRoot(kind, { work, root, publicKey: await Deno.readTextFile(`${key}.pub`) });
    await renameOnly(join(root, "boot"), "vmlinuz-", kernel);
    await renameOnly(join(root, "boot"), "initrd.img-", initrd);
    await runProgram("mke2fs", ["-q", "-F", "-t", "ext4", "-L", "device", "-d", root, disk, DISK_SIZE], {
      timeoutMs: STEP_TIMEOUT_MS,
      env: { PATH: `${Deno.env.get("PATH")}:/usr/sbin:/sbin` },
    });
    await Deno.remove(root, { recursive: true });
    await Deno.rename(work, directory).catch(async (error) => {
      // Another process has built the same image meanwhile.
      if (!await exists(join(directory, "root.img"))) throw error;
    });
  } finally {
    await Deno.remove(work, { recursive: true }).catch(() => {});
  }
}

async function makeRoot(
  kind: ImageKind,
  { work, root, publicKey }: { work: string; root: string; publicKey: string },
): Promise<void> {
  const recipe = recipeOf(kind);
  const files = join(work, "files");
  await writeTree(files, { ...recipe.files, "root/.ssh/authorized_keys": publicKey });
  await Deno.chmod(join(files, "root"), 0o700);
  await Deno.chmod(join(files, "root/.ssh"), 0o700);
  // What mmdebstrap mounts is mounted in a namespace of its own, and it ends with this process.
  await runProgram("setpriv", [
    ...["--pdeathsig", "TERM", "--", "unshare", "--mount", "--", "mmdebstrap"],
    ...["--mode=root", "--variant=minbase", "--format=directory", `--arch=${kind.architecture}`],
    ...[`--keyring=${KEYRING}`, `--include=${recipe.packages.join(",")}`],
    ...DPKG_OPTIONS.map((option) => `--dpkgopt=${option}`),
    `--customize-hook=sync-in ${files} /`,
    ...recipe.commands.map((command) => `--customize-hook=${command}`),
    ...[SUITE, root],
    // The kernel's package would make an initrd that no machine uses.
  ], { timeoutMs: BUILD_TIMEOUT_MS, env: { INITRD: "No" } });
  await Deno.remove(files, { recursive: true });
}

async function writeTree(root: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
  }
}

/** Moves the only file whose name begins with the prefix. */
async function renameOnly(directory: string, prefix: string, to: string): Promise<void> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(directory)) if (name.startsWith(prefix)) names.push(name);
  if (names.length !== 1) throw new Error(`${directory} has ${names.length} files "${prefix}*", wanted one`);
  await Deno.rename(join(directory, names[0]!), to);
}

/** Removes builds whose process is gone, and images that no machine has used for two weeks. */
async function removeLeftovers(cache: string): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(cache)).catch(() => []);
  for (const { name } of entries) {
    const path = join(cache, name);
    const builder = /^\.build-(\d+)-/.exec(name)?.[1];
    const used = (await Deno.stat(path).catch(() => null))?.mtime?.getTime() ?? Date.now();
    const isStale = builder === undefined ? Date.now() - used > UNUSED_MS : !await exists(`/proc/${builder}`);
    if (isStale) await Deno.remove(path, { recursive: true }).catch(() => {});
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
