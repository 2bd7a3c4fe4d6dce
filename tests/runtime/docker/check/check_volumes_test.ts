/** Volumes that somebody else made are theirs; those that a device made are found again. */
import assert from "node:assert/strict";
import { dockerCall } from "../../../support/docker_image.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { type DockerDevice, dockerDevice } from "../docker_device.ts";

const COMMAND = ["/bin/sh", "-c", "sleep 1000"];

await testNeeding(["docker", "busybox"], "a volume of somebody else is mounted by the owner's word alone", async () => {
  const name = `harbornode-test-${crypto.randomUUID().slice(0, 8)}`;
  await using stack = new AsyncDisposableStack();
  for (const one of [name, `${name}-own`]) {
    stack.defer(async () => void await dockerCall(`/volumes/${one}?force=1`, { method: "DELETE" }));
  }
  const headers = { "content-type": "application/json" };
  await dockerCall("/volumes/create", { method: "POST", headers, body: JSON.stringify({ Name: name }) });
  const asks = (device: DockerDevice, source: string, workload: string) =>
    device.workload({
      name: `${device.id}-${workload}`,
      command: COMMAND,
      mounts: [{ type: "volume", source, target: "/data", readOnly: false }],
    });

  await using strict = await dockerDevice();
  const refused = {
    reason: "policy_denied",
    message:
      `mounts: the owner of this device does not allow "${name}", a volume that it did not make for its workloads`,
    hint: "leave it out, or add it to allow_volumes in [policy] of config.toml",
  };
  await assert.rejects(strict.start(asks(strict, name, "a")), refused);
  await assert.rejects(
    strict.runtime.prepare(asks(strict, name, "a"), () => {}, new AbortController().signal),
    refused,
  );
  // Its own is made with the container, and shared by whoever of its workloads asks.
  await strict.start(asks(strict, `${name}-own`, "b"));
  await strict.start(asks(strict, `${name}-own`, "c"));
  const made = JSON.parse((await dockerCall(`/volumes/${name}-own`)).text);
  assert.equal(made.Labels["harbornode.device"], strict.id);

  await using open = await dockerDevice({ policy: { allowVolumes: [name] } });
  await open.start(asks(open, name, "a"));
  await assert.rejects(open.start(asks(open, `${name}-own`, "b")), { reason: "policy_denied" });
});
