/** The program that boots the device of the other tests. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import type { Image } from "./vm/image.ts";
import { DEVICE_ARCHITECTURE } from "./vm/prerequisite.ts";
import { bootsKernel } from "./vm/qemu.ts";
import { recipeKey } from "./vm/recipe.ts";
import { removeLeftovers } from "./vm/virtual_machine.ts";

const NO_IMAGE: Image = {
  kind: { architecture: "amd64", docker: false },
  directory: "/nonexistent",
  disk: "/nonexistent/root.img",
  kernel: "/nonexistent/vmlinuz",
  initrd: "/nonexistent/initrd.img",
  key: "/nonexistent/key",
};

/** What a QEMU does that is given KVM. The kernel's panic is the end of a boot without a first process. */
const QEMUS: [what: string, script: string, works: boolean][] = [
  ["that runs the kernel to its panic", 'echo "[ 1.5] Kernel panic - not syncing: Attempted to kill init!"', true],
  ["that finds no KVM", 'echo "Could not access KVM kernel module: Permission denied" >&2; exit 1', false],
  ["whose guest stops before its first message", "exec sleep 1000", false],
  ["whose guest stops after its first message", 'echo "[ 0.0] Linux version 6.1.0"; exec sleep 1000', false],
];

for (const [what, script, works] of QEMUS) {
  Deno.test(`${works ? "KVM" : "emulation"} is chosen for a QEMU ${what}`, async () => {
    await using dir = await tempDir();
    const program = join(dir.path, "qemu");
    await Deno.writeTextFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    assert.equal(await bootsKernel(program, NO_IMAGE, "kvm", 2000), works);
  });
}

Deno.test("each kind of image has a folder of its own in the cache", async () => {
  const keys = await Promise.all([
    recipeKey({ architecture: "amd64", docker: false }),
    recipeKey({ architecture: "amd64", docker: true }),
    recipeKey({ architecture: "arm64", docker: false }),
  ]);
  assert.equal(new Set(keys).size, 3);
  assert.match(keys[0]!, /^amd64-base-[0-9a-f]{12}$/);
});

const BOOT = `import { VirtualMachine } from ${
  JSON.stringify(new URL("./vm/virtual_machine.ts", import.meta.url).href)
};
await VirtualMachine.boot({ architecture: "${DEVICE_ARCHITECTURE}" });
`;

/** Command line of a process; empty when it has ended. */
async function commandLine(pid: number): Promise<string> {
  return await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
}

await testNeeding(["device"], "a test that is killed leaves no machine and no disk behind", async () => {
  await using dir = await tempDir();
  const script = join(dir.path, "boot.ts");
  await Deno.writeTextFile(script, BOOT);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", script],
    env: { TMPDIR: dir.path },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const directory = join(dir.path, `harbornode-device-${child.pid}-`);
  const qemu = await eventually("QEMU runs", async () => {
    for await (const { name } of Deno.readDir("/proc")) {
      const words = /^\d+$/.test(name) ? (await commandLine(Number(name))).split("\0") : [];
      if (words[0]?.startsWith("qemu-system-") && words.some((word) => word.includes(directory))) return Number(name);
    }
  }, { everyMs: 500, deadlineMs: 300_000 });
  child.kill("SIGKILL");
  await child.status;
  await eventually("QEMU has ended", async () => !(await commandLine(qemu)).includes(directory));

  const left = () => [...Deno.readDirSync(dir.path)].filter(({ name }) => name.startsWith("harbornode-device-")).length;
  assert.equal(left(), 1, "the folder that the killed test could not remove");
  await removeLeftovers(dir.path);
  assert.equal(left(), 0);
});
