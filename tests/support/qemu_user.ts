/**
 * Executables for arm64 on a machine that is none: qemu translates their instructions, and passes their system calls on
 * to this machine's kernel (qemu.org/docs/master/user).
 *
 * The kernel itself starts qemu for them, since the daemon starts its own executable again. It is told to by the ending
 * of the file's name and not by its header, so that nothing else on this machine can run what it could not run before:
 * a Docker that finds an emulator takes images that it refuses otherwise.
 */
import { join } from "node:path";
import { tempDir } from "./temp.ts";

const QEMU = "/usr/bin/qemu-aarch64-static";
/** Where Debian's libc6-arm64-cross and libgcc-s1-arm64-cross put arm64's C library. */
const LIBRARIES = "/usr/aarch64-linux-gnu";

/** Why no executable for arm64 runs here; null when it does. */
export async function noQemuUser(): Promise<string | null> {
  for (const path of [QEMU, `${LIBRARIES}/lib/libc.so.6`, `${LIBRARIES}/lib/libgcc_s.so.1`]) {
    if (await Deno.stat(path).then(() => false, () => true)) return `no ${path}`;
  }
  try {
    await using _ = await mounted();
    return null;
  } catch (error) {
    return `no binfmt_misc: ${error instanceof Error ? error.message : error}`;
  }
}

export interface EmulatedProgram extends AsyncDisposable {
  /** What begins its command lines. */
  command: string[];
}

/** Makes the kernel run a copy of the executable. Disposed of, it is gone, and the kernel knows nothing of it. */
export async function emulated(executable: string): Promise<EmulatedProgram> {
  const name = `harbornode-test-${crypto.randomUUID().slice(0, 8)}`;
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const program = join(dir.path, `harbornode.${name}`);
  await Deno.copyFile(executable, program);
  const registry = stack.use(await mounted());
  await Deno.writeTextFile(join(registry.path, "register"), `:${name}:E::${name}::${QEMU}:`);
  stack.defer(() => Deno.writeTextFile(join(registry.path, name), "-1"));
  const kept = stack.move();
  return {
    command: ["env", `QEMU_LD_PREFIX=${LIBRARIES}`, program],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The kernel's list of formats, in a folder of its own: where systems mount it, others would look at it. */
async function mounted(): Promise<{ path: string } & AsyncDisposable> {
  const dir = await tempDir();
  try {
    await run("mount", ["-t", "binfmt_misc", "binfmt_misc", dir.path]);
  } catch (error) {
    await dir[Symbol.asyncDispose]();
    throw error;
  }
  return {
    path: dir.path,
    async [Symbol.asyncDispose]() {
      await run("umount", [dir.path]);
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function run(program: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
}
