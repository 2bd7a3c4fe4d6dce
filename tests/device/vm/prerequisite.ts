/** What a test device needs of this machine. */
import { isBuilt, KEYRING } from "./image.ts";
import { HOST_ARCHITECTURE, QEMU_PROGRAM } from "./qemu.ts";
import type { DebianArchitecture } from "./recipe.ts";
import { programResult } from "./run_program.ts";

/** HARBORNODE_TEST_DEVICE_ARCH (x86_64 or aarch64): architecture of the device, this machine's by default. */
export const DEVICE_ARCHITECTURE: DebianArchitecture = architecture(Deno.env.get("HARBORNODE_TEST_DEVICE_ARCH"));

/** Programs by the Debian package that has them. */
const BOOT_PROGRAMS = { "qemu-img": "qemu-utils", "ssh": "openssh-client", "setpriv": "util-linux" };
const BUILD_PROGRAMS = { "mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs", "ssh-keygen": "openssh-client" };

/** Returns why no test device can boot here, or null when one can. */
export async function noVirtualMachine(): Promise<string | null> {
  const arm = DEVICE_ARCHITECTURE === "arm64";
  const qemu = { [QEMU_PROGRAM[DEVICE_ARCHITECTURE]]: arm ? "qemu-system-arm" : "qemu-system-x86" };
  const built = await isBuilt({ architecture: DEVICE_ARCHITECTURE, docker: false });
  const programs = Object.entries({ ...qemu, ...BOOT_PROGRAMS, ...(built ? {} : BUILD_PROGRAMS) });
  const missing = [];
  for (const [program, debianPackage] of programs) if (!await isProgram(program)) missing.push(debianPackage);
  if (missing.length > 0) return `no test device: the packages ${[...new Set(missing)].join(", ")} are missing`;
  if (built) return null;
  if (Deno.uid() !== 0) return "no test device: its image is not built, and building it needs root";
  if (!await exists(KEYRING)) return "no test device: the package debian-archive-keyring is missing";
  if (DEVICE_ARCHITECTURE === HOST_ARCHITECTURE || await runsForeign()) return null;
  return `no test device: this machine cannot run ${DEVICE_ARCHITECTURE} programs (packages arch-test, ` +
    "qemu-user-static, binfmt-support)";
}

/** mmdebstrap runs programs of the image while it installs packages. */
async function runsForeign(): Promise<boolean> {
  const result = await programResult("arch-test", [DEVICE_ARCHITECTURE], { timeoutMs: 30_000 }).catch(() => null);
  return result?.success ?? false;
}

function architecture(given: string | undefined): DebianArchitecture {
  if (given === undefined) return HOST_ARCHITECTURE;
  if (given === "x86_64") return "amd64";
  if (given === "aarch64") return "arm64";
  throw new Error(`HARBORNODE_TEST_DEVICE_ARCH is "${given}"\n  hint: set it to x86_64 or aarch64`);
}

async function isProgram(name: string): Promise<boolean> {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin"];
  for (const directory of folders) if (await exists(`${directory}/${name}`)) return true;
  return false;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
