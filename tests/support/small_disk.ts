/**
 * A file system of a test's own, small enough to be filled, that can be made read-only or broken. Needs root. Everything
 * that is mounted is unmounted when it is disposed of.
 */
import { statfs } from "node:fs/promises";
import { join } from "node:path";

export interface SmallDisk extends AsyncDisposable {
  path: string;
  /** Writes until the disk has no free block. */
  fill(): Promise<void>;
  /** Makes files until the disk has no free inode. */
  useInodes(): Promise<void>;
  /** Removes what `fill` and `useInodes` made. */
  free(): Promise<void>;
  /** From now on a path leads to a read-only mount (EROFS). Files that are open stay as they are. */
  readOnly(): Promise<void>;
  /** Ends `readOnly`. */
  writable(): Promise<void>;
  /** Of ext4, for good: the kernel makes it read-only as after errors of an SD card, open files included. */
  abort(): Promise<void>;
  /** Of ext4, for good: every read and every write fails (EIO), as those of a disk that was pulled out. */
  vanish(): Promise<void>;
}

/** EXT4_IOC_SHUTDOWN and its EXT4_GOING_FLAGS_NOLOGFLUSH, from fs/ext4/ext4.h. */
const SHUTDOWN = { request: 0x8004587dn, flags: 2 };

/** Mounts a file system at `path`, which is made where it is missing. The image of an ext4 lies beside it. */
export async function smallDisk(
  path: string,
  { kind = "tmpfs", megabytes = 8 }: { kind?: "tmpfs" | "ext4"; megabytes?: number } = {},
): Promise<SmallDisk> {
  await Deno.mkdir(path, { recursive: true });
  const image = `${path}.image`;
  if (kind === "tmpfs") {
    const options = `size=${megabytes}m,nr_inodes=2048,mode=0711`;
    await run("mount", "-t", "tmpfs", "-o", options, "harbornode-test", path);
  } else {
    await Deno.writeFile(image, new Uint8Array());
    await Deno.truncate(image, megabytes * 1024 * 1024);
    await run("mkfs.ext4", "-q", "-m", "0", image);
    await run("mount", "-o", "loop,errors=remount-ro", image, path);
    await Deno.chmod(path, 0o711);
  }
  const ballast = join(path, ".ballast");
  let isReadOnly = false;
  const unmount = () => run("umount", "-l", path);
  return {
    path,
    async fill() {
      await Deno.mkdir(ballast, { recursive: true });
      using file = await Deno.open(join(ballast, "bytes"), { write: true, create: true, append: true });
      // Larger pieces first; then a page at a time, until not one is left.
      for (const bytes of [64 * 1024, 4096]) {
        const piece = new Uint8Array(bytes);
        while (await file.write(piece).then((count) => count === bytes, () => false));
      }
      const { bavail } = await statfs(path);
      if (bavail > 0) throw new Error(`${bavail} blocks are free`);
    },
    async useInodes() {
      await Deno.mkdir(ballast, { recursive: true });
      for (let number = 0;; number++) {
        const made = await Deno.writeFile(join(ballast, String(number)), new Uint8Array()).then(
          () => true,
          () => false,
        );
        if (!made) return;
      }
    },
    async free() {
      await Deno.remove(ballast, { recursive: true });
    },
    async readOnly() {
      await run("mount", "--bind", path, path);
      isReadOnly = true;
      await run("mount", "-o", "remount,bind,ro", path);
    },
    async writable() {
      if (isReadOnly) await unmount();
      isReadOnly = false;
    },
    async abort() {
      await run("mount", "-o", "remount,abort", path);
    },
    async vanish() {
      const library = Deno.dlopen("libc.so.6", {
        open: { parameters: ["buffer", "i32"], result: "i32" },
        ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32", nonblocking: true },
        close: { parameters: ["i32"], result: "i32" },
      });
      try {
        const fd = library.symbols.open(new TextEncoder().encode(`${path}\0`), 0);
        const answer = await library.symbols.ioctl(fd, SHUTDOWN.request, new Uint32Array([SHUTDOWN.flags]));
        library.symbols.close(fd);
        if (answer !== 0) throw new Error(`"${path}" cannot be shut down`);
      } finally {
        library.close();
      }
    },
    async [Symbol.asyncDispose]() {
      if (isReadOnly) await unmount();
      await unmount();
      await Deno.remove(image).catch(() => {});
    },
  };
}

async function run(...[program, ...args]: [string, ...string[]]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdin: "null", stderr: "piped" }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
