/** Nodes made by mknod(1), so that it does not matter which devices this machine has. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { deviceGroups } from "../../../../src/runtime/native/sandbox/device_access.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { tempDir } from "../../../support/temp.ts";

const ALL = { devices: [], gpus: "all" as const };

/** Of the kind of /dev/null; a graphics card behind it would be found no other way. */
async function node(path: string, { gid, mode }: { gid: number; mode: string }): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const { success, stderr } = await new Deno.Command("mknod", { args: ["-m", mode, path, "c", "1", "3"] }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  await Deno.chown(path, 0, gid);
}

await testNeeding(["root"], "GPUs are reached by the groups of their nodes, and no others", async () => {
  await using dev = await tempDir();
  const make = (name: string, gid: number, mode = "0660") => node(join(dev.path, name), { gid, mode });
  await make("dri/renderD128", 105);
  await make("dri/renderD129", 106);
  await make("dri/card0", 44);
  await make("nvidia0", 0, "0666");
  await make("nvidia-caps/nvidia-cap1", 0, "0400");
  await make("kfd", 107);
  await make("kvm", 108);
  assert.deepEqual(await deviceGroups(ALL, dev.path), [105, 106, 107]);
  assert.deepEqual(await deviceGroups({ ...ALL, gpus: null }, dev.path), []);
});

await testNeeding(["root"], "a GPU that is root's alone is refused by its name", async () => {
  await using dev = await tempDir();
  await node(join(dev.path, "dri/renderD128"), { gid: 0, mode: "0600" });
  await assert.rejects(deviceGroups(ALL, dev.path), {
    reason: "permission_denied",
    message: `only root can use the device "${dev.path}/dri/renderD128"`,
  });
});

Deno.test("a device without GPUs says so", async () => {
  await using dev = await tempDir();
  await assert.rejects(deviceGroups(ALL, dev.path), {
    kind: "refused",
    reason: "start_failed",
    message: "gpus: there is no GPU on this device",
  });
});
