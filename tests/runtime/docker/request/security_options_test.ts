/** Least privilege, as the kernel has it of a real container, and that ordinary programs can live with it. */
import assert from "node:assert/strict";
import { CAPABILITIES } from "../../../../src/schema/linux_capability.ts";
import { DEFAULT_CAPABILITIES } from "../../../../src/model/policy/allowed_capabilities.ts";
import type { DockerWorkload } from "../../../../src/model/workload.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { type DockerDevice, dockerDevice, inspect, saidBy } from "../docker_device.ts";

const DOCKER = ["docker", "busybox"] as const;
const sh = (script: string) => ["/bin/sh", "-c", script];

/** By name, of what its processes may ever have, and whether they may gain more. */
async function may(device: DockerDevice, fields: Partial<DockerWorkload> = {}) {
  const workload = device.workload({
    ...fields,
    name: `${device.id}-${crypto.randomUUID().slice(0, 4)}`,
    command: sh("cat /proc/self/status"),
  });
  const status = (await saidBy(device, workload)).join("\n");
  const mask = BigInt(`0x${/CapBnd:\s+(\w+)/.exec(status)![1]}`);
  const capabilities = CAPABILITIES.filter((_, bit) => (mask >> BigInt(bit) & 1n) === 1n).sort();
  return { capabilities, gains: /NoNewPrivs:\s+0/.test(status) };
}

await testNeeding([...DOCKER], "a container that asks for nothing has ten capabilities and gains none", async () => {
  await using device = await dockerDevice();
  assert.deepEqual(await may(device), { capabilities: [...DEFAULT_CAPABILITIES].sort(), gains: false });
});

await testNeeding([...DOCKER], "a container has what it asks for, where it is allowed", async () => {
  await using device = await dockerDevice({});
  const only = await may(device, { capDrop: ["ALL"], capAdd: ["CAP_NET_ADMIN", "CAP_CHOWN"] });
  assert.deepEqual(only, { capabilities: ["CAP_CHOWN", "CAP_NET_ADMIN"], gains: false });
  assert.deepEqual((await may(device, { capDrop: ["ALL"] })).capabilities, []);
  const gaining = await may(device, { securityOpt: [{ type: "new-privileges" }] });
  assert.deepEqual(gaining, { capabilities: [...DEFAULT_CAPABILITIES].sort(), gains: true });
});

await testNeeding(
  [...DOCKER],
  "entry points that chown and step down to a user, servers on port 80, and ping go on to work",
  async () => {
    await using device = await dockerDevice();
    const said = await saidBy(
      device,
      device.workload({
        command: sh(
          [
            "mkdir /data && chown ada:ada /data && chmod 2750 /data && stat -c '%U %a' /data",
            "su -s /bin/sh ada -c 'touch /data/x && id -u'",
            "(echo root | timeout 2 nc -l -p 80 >/dev/null & sleep 0.3; nc 127.0.0.1 80 </dev/null)",
            "su -s /bin/sh ada -c '(echo ada | timeout 2 nc -l -p 81 >/dev/null & sleep 0.3; nc 127.0.0.1 81 </dev/null)'",
            "ping -c 1 127.0.0.1 | grep -o '0% packet loss'",
            "sleep 100 & kill $! && echo killed",
            "mkdir -p /jail/bin && cp /bin/busybox /jail/bin/ && chroot /jail /bin/busybox echo inside",
            "mknod /tmp/node c 1 3 || echo no nodes",
          ].map((line) => `(${line}) 2>&1`).join("\n"),
        ),
      }),
    );
    assert.deepEqual(said.filter((line) => !line.startsWith("mknod:")), [
      "ada 2750",
      "1000",
      "root",
      "ada",
      "0% packet loss",
      "killed",
      "inside",
      "no nodes",
    ]);
  },
);

await testNeeding(
  [...DOCKER],
  "a container that starts more than it may ends at its limit, not at the device's",
  async () => {
    await using device = await dockerDevice();
    const { id } = await device.start(device.workload());
    const limits = (await inspect(id))!.HostConfig as unknown as { PidsLimit: number; Privileged: boolean };
    assert.deepEqual([limits.PidsLimit, limits.Privileged], [2048, false]);
  },
);
