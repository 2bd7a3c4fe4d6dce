/**
 * The file functions of Deno, which refuse what writes below one folder while they are told to: for faults that no file
 * system can be made to have and to lose again (EDQUOT, EIO). Everything else is the real thing.
 */

const ERRNO = {
  ENOSPC: [28, "No space left on device"],
  EDQUOT: [122, "Quota exceeded"],
  EIO: [5, "Input/output error"],
  EROFS: [30, "Read-only file system"],
} as const;

export interface RefusingDisk extends Disposable {
  /** Refuses from now on. */
  refuse(code: keyof typeof ERRNO): void;
  /** Every write hangs from now on, until `heal`. */
  hang(): void;
  heal(): void;
  /** How many writes were refused, or hung. */
  refused: number;
}

type Write = (...args: unknown[]) => Promise<unknown>;

const WRITES = [
  "mkdir",
  "remove",
  "rename",
  "writeFile",
  "writeTextFile",
  "link",
  "symlink",
  "truncate",
  "open",
] as const;

const OF_FILES = ["write", "truncate", "sync", "syncData"] as const;

/** Until it is disposed of. */
export function refusingDisk(root: string): RefusingDisk {
  const before = Object.fromEntries(WRITES.map((name) => [name, Deno[name]]));
  let code: keyof typeof ERRNO | null = null;
  let healed: PromiseWithResolvers<void> | null = null;
  const disk: RefusingDisk = {
    refused: 0,
    refuse: (refused) => code = refused,
    hang: () => healed = Promise.withResolvers(),
    heal() {
      code = null;
      healed?.resolve();
      healed = null;
    },
    [Symbol.dispose]() {
      disk.heal();
      Object.assign(Deno, before);
    },
  };
  const pass = async (what: string) => {
    if (healed !== null) {
      disk.refused++;
      await healed.promise;
    }
    if (code === null) return;
    disk.refused++;
    const [number, text] = ERRNO[code];
    throw Object.assign(new Error(`${text} (os error ${number}): ${what}`), { code });
  };
  /** Those that were opened before refuse as well. */
  const guarded = (file: Deno.FsFile): Deno.FsFile => {
    for (const name of OF_FILES) {
      const real = file[name].bind(file) as Write;
      const write: Write = async (...args) => {
        await pass(name);
        return await real(...args);
      };
      Object.assign(file, { [name]: write });
    }
    return file;
  };
  for (const name of WRITES) {
    const real = Deno[name] as unknown as Write;
    const write: Write = async (...args) => {
      const [path, options] = args as [string | URL, Deno.OpenOptions | undefined];
      const isRead = name === "open" && options?.write !== true && options?.append !== true;
      if (isRead || !String(path).startsWith(root)) return await real(...args);
      await pass(`${name} '${path}'`);
      const result = await real(...args);
      return name === "open" ? guarded(result as Deno.FsFile) : result;
    };
    Object.assign(Deno, { [name]: write });
  }
  return disk;
}
