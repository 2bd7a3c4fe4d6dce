/** What containers really see of the fields of their manifests. */
import assert from "node:assert/strict";
import type { DockerWorkload } from "../../../../src/model/workload.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { dockerDevice, inspect, saidBy } from "../docker_device.ts";

const DOCKER = ["docker", "busybox"] as const;
const sh = (script: string) => ["/bin/sh", "-c", script];
const MIB = 1024 * 1024;

/** Each a field, what the container looks at, and what it must see. */
const SEEN: { fields: Partial<DockerWorkload>; look: string; sees: RegExp }[] = [
  { fields: { hostname: "web-1" }, look: "hostname", sees: /^web-1$/ },
  { fields: { extraHosts: ["nas:192.168.1.5"] }, look: "cat /etc/hosts", sees: /^192\.168\.1\.5\s+nas$/m },
  { fields: { extraHosts: ["device:host-gateway"] }, look: "cat /etc/hosts", sees: /^172\.\d+\.\d+\.1\s+device$/m },
  { fields: { readOnly: true }, look: "touch /etc/x; grep ' / ' /proc/mounts", sees: /Read-only[^]* overlay ro,/ },
  { fields: { capDrop: ["CAP_CHOWN"] }, look: "chown ada /tmp", sees: /Operation not permitted/ },
  { fields: { groupAdd: ["44", "ada"] }, look: "id -G", sees: /\b44\b.*\b1000\b|\b1000\b.*\b44\b/ },
  { fields: { sysctls: { "net.core.somaxconn": "99" } }, look: "cat /proc/sys/net/core/somaxconn", sees: /^99$/ },
  {
    fields: { ulimits: { nofile: { soft: 77, hard: 88 }, core: { soft: 0, hard: 0 } } },
    look: "ulimit -Sn; ulimit -Hn; ulimit -c",
    sees: /^77\n88\n0$/,
  },
  { fields: { shmBytes: 3 * MIB }, look: "df -k /dev/shm | tail -1", sees: /^shm +3072 / },
  {
    fields: { mounts: [{ type: "tmpfs", target: "/run", sizeBytes: 2 * MIB, mode: 0o750 }] },
    look: "df -k /run | tail -1; stat -c %a /run; grep ' /run ' /proc/mounts",
    sees: /^tmpfs +2048 [^]*\n750\n.*nosuid,nodev,noexec/,
  },
  { fields: { init: true }, look: "cat /proc/1/comm", sees: /^docker-init$/ },
  { fields: { tty: true }, look: "test -t 1 && echo a terminal; echo twice", sees: /^a terminal\ntwice$/ },
  { fields: { logDriver: "local" }, look: "echo kept", sees: /^kept$/ },
  { fields: { logDriver: "local", logs: { maxBytes: MIB, maxFiles: 0 } }, look: "echo kept", sees: /^kept$/ },
  { fields: { network: "none" }, look: "ls /sys/class/net", sees: /^lo$/ },
  {
    fields: { securityOpt: [{ type: "seccomp", profile: "unconfined" }] },
    look: "grep Seccomp: /proc/self/status",
    sees: /\b0$/,
  },
];

for (const { fields, look, sees } of SEEN) {
  const [name] = Object.keys(fields);
  await testNeeding([...DOCKER], `a container sees its ${name}: ${look}`, async () => {
    await using device = await dockerDevice();
    const said = await saidBy(device, device.workload({ ...fields, command: sh(`(${look}) 2>&1`) }));
    assert.match(said.join("\n"), sees);
  });
}

await testNeeding(
  [...DOCKER],
  "Docker is told of labels, name servers, limits and an input that stays open",
  async () => {
    await using device = await dockerDevice();
    const { id } = await device.start(device.workload({
      labels: { "traefik.enable": "true" },
      dns: ["192.168.1.1"],
      stdinOpen: true,
      memoryReservationBytes: 16 * MIB,
      resources: { memoryBytes: 64 * MIB, cpus: null, pids: null },
    }));
    const { Config: config, HostConfig: host } = (await inspect(id))! as unknown as {
      Config: { Labels: Record<string, string>; OpenStdin: boolean };
      HostConfig: { Dns: string[]; MemoryReservation: number; PidsLimit: number };
    };
    assert.equal(config.Labels["traefik.enable"], "true");
    assert.equal(config.OpenStdin, true);
    assert.deepEqual([host.Dns, host.MemoryReservation, host.PidsLimit], [["192.168.1.1"], 16 * MIB, 2048]);
  },
);
