/** Devices and GPUs that git asks for and the owner denies: what runs goes on, and the reason is shown. */
import assert from "node:assert/strict";
import { busyboxImage } from "../support/docker_image.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice } from "../support/repo_backed_device.ts";

await testNeeding(
  ["git", "docker"],
  "what the owner denies is blocked before anything is stopped, and what is allowed goes on",
  async () => {
    await using image = await busyboxImage();
    await using here = await pushedDevice({}, {
      extra: [],
      policy: ["allow_root = true", 'allow_devices = ["/dev/null"]'],
    });
    const { device, repository } = here;
    const plain = `image = "${image.name}"\ncommand = ["/bin/sh", "-c", "exec sleep 3600"]\nstop_timeout = "100ms"\n`;
    const push = async (line: string) => {
      await repository.write("deployments/web.toml", `${plain}${line}\n`);
      await repository.commit(`With ${line}`);
    };
    await push('devices = ["/dev/null"]');
    const before = await device.until("web", (workload) => workload.phase === "running");
    const denied: [string, RegExp, RegExp][] = [
      ['devices = ["/dev/fuse"]', /^devices: .* does not allow "\/dev\/fuse"; it stays as/, /allow_devices/],
      ["gpus = 1", /^gpus: the owner of this device does not allow it; it stays as/, /allow_gpus = true/],
    ];
    for (const [line, message, hint] of denied) {
      await push(line);
      const blocked = await device.until("web", (workload) => message.test(workload.message));
      assert.deepEqual([blocked.sync, blocked.phase, blocked.reason], ["out-of-sync", "running", "policy_denied"]);
      assert.match(blocked.hint ?? "", hint);
      assert.deepEqual(blocked.instances.map((instance) => instance.container_id), [before.instances[0]!.container_id]);
      assert.equal(blocked.instances[0]?.phase, "running");
    }
    await push('devices = ["/dev/null"]');
    const after = await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");
    assert.equal(after.instances[0]?.container_id, before.instances[0]?.container_id);
  },
);
