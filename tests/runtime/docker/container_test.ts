import assert from "node:assert/strict";
import { asInstance, containerName, networkAddress } from "../../../src/runtime/docker/container.ts";
import type { InspectedContainer } from "../../../src/runtime/docker/api_types.ts";

const LABELS = {
  "harbornode.device": "d1",
  "harbornode.workload": "web",
  "harbornode.slot": "2",
  "harbornode.fingerprint": "0123456789abcdef",
};

function inspected(state: Partial<InspectedContainer["State"]>, more: Partial<InspectedContainer> = {}) {
  return {
    Id: "c0ffee",
    Name: "/harbornode-web-2",
    Image: "sha256:1",
    State: { Status: "running" as const, ...state },
    Config: { Labels: LABELS },
    ...more,
  };
}

Deno.test("a container is named after its workload and slot", () => {
  assert.equal(containerName("web", 2), "harbornode-web-2");
});

Deno.test("a container is withheld until it has its name in every network that it belongs on", () => {
  const on = (Networks: Record<string, { Aliases: string[] | null }>) => {
    const Config = { Labels: { ...LABELS, "harbornode.networks": "n1,n2" } };
    return asInstance(inspected({}, { Config, NetworkSettings: { Networks } }), "d1")?.canary ?? false;
  };
  const known = { Aliases: ["web", "c0ffee"] };
  assert.equal(on({ n1: known, n2: known, other: { Aliases: null } }), false);
  assert.equal(on({ n1: known, n2: { Aliases: ["c0ffee"] } }), true);
  assert.equal(on({ n1: known }), true);
  assert.equal(on({}), true);
  // Of an older version, or on no network by its manifest.
  assert.equal(asInstance(inspected({}, { NetworkSettings: { Networks: {} } }), "d1")?.canary, undefined);
});

Deno.test("a container on the device's own network is reached where the device reaches itself", () => {
  assert.equal(networkAddress(inspected({}, { HostConfig: { NetworkMode: "host" } })), "127.0.0.1");
});

Deno.test("a container that runs is an instance with pid, start, health and the ports it holds", () => {
  const container = inspected({
    Pid: 42,
    StartedAt: "2026-01-02T03:04:05.678901234Z",
    FinishedAt: "0001-01-01T00:00:00Z",
    ExitCode: 0,
    Health: { Status: "healthy" },
  }, {
    NetworkSettings: {
      Ports: {
        "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "8080" }, { HostIp: "::", HostPort: "8080" }],
        "53/udp": null,
      },
      Networks: { none: { IPAddress: "" }, bridge: { IPAddress: "172.17.0.2" } },
    },
  });
  assert.deepEqual(asInstance(container, "d1"), {
    id: "c0ffee",
    workload: "web",
    slot: 2,
    runtime: "docker",
    fingerprint: "0123456789abcdef",
    state: "running",
    pid: 42,
    containerId: "c0ffee",
    startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    endedAt: null,
    exitCode: null,
    runtimeHealth: "healthy",
    ports: ["8080/tcp"],
    imageId: "sha256:1",
    warnings: [],
  });
  assert.equal(networkAddress(container), "172.17.0.2");
});

Deno.test("an exit code is shown only of a container that ended", () => {
  const ended = { Pid: 0, ExitCode: 137, StartedAt: "2026-01-02T03:04:05Z", FinishedAt: "2026-01-02T03:04:06Z" };
  const shown = (Status: InspectedContainer["State"]["Status"]) => {
    const instance = asInstance(inspected({ ...ended, Status }), "d1");
    return [instance?.state, instance?.exitCode, instance?.endedAt === null];
  };
  assert.deepEqual(shown("exited"), ["exited", 137, false]);
  assert.deepEqual(shown("dead"), ["exited", 137, false]);
  assert.deepEqual(shown("running"), ["running", null, true]);
  assert.deepEqual(shown("restarting"), ["running", null, true]);
  assert.deepEqual(shown("paused"), ["paused", null, true]);
  assert.deepEqual(shown("created"), ["created", null, true]);
});

Deno.test("an instance never ends before it started, though Docker may say so", () => {
  const times = { StartedAt: "2026-01-02T03:04:05.500Z", FinishedAt: "2026-01-02T03:04:05.400Z" };
  const instance = asInstance(inspected({ ...times, Status: "exited", ExitCode: 1 }), "d1");
  assert.equal(instance?.endedAt, instance?.startedAt);
});

Deno.test("a container of another device, or with labels that do not say what it is, is no instance", () => {
  const labels = LABELS;
  const of = (Labels: Record<string, string> | null) => asInstance(inspected({}, { Config: { Labels } }), "d1");
  assert.notEqual(of(labels), null);
  assert.equal(of(null), null);
  assert.equal(of({ ...labels, "harbornode.device": "d2" }), null);
  for (const slot of ["", "-1", "1.5", "x"]) assert.equal(of({ ...labels, "harbornode.slot": slot }), null);
  const { "harbornode.fingerprint": _, ...unmarked } = labels;
  assert.equal(of(unmarked), null);
});
