import assert from "node:assert/strict";
import { asInstance, containerName, createRequest, networkAddress } from "../../../src/runtime/docker/container.ts";
import type { InspectedContainer } from "../../../src/runtime/docker/wire.ts";
import { dockerWorkload } from "./docker_workload.ts";

const MARKS = { deviceId: "d1", slot: 2, fingerprint: "0123456789abcdef", filesDir: "/data/files/web/abc" };
const request = (
  fields: Partial<Parameters<typeof dockerWorkload>[0]> = {},
  filesDir: string | null = MARKS.filesDir,
) => createRequest(dockerWorkload({ name: "web", image: "nginx:1.27", ...fields }), { ...MARKS, filesDir });

function inspected(state: Partial<InspectedContainer["State"]>, more: Partial<InspectedContainer> = {}) {
  return {
    Id: "c0ffee",
    Name: "/harbornode-web-2",
    Image: "sha256:1",
    State: { Status: "running" as const, ...state },
    Config: { Labels: request().Labels },
    ...more,
  };
}

Deno.test("a container is named after its workload and slot, and marked with all that says whose it is", () => {
  assert.equal(containerName("web", 2), "harbornode-web-2");
  assert.deepEqual(request().Labels, {
    "harbornode.device": "d1",
    "harbornode.workload": "web",
    "harbornode.slot": "2",
    "harbornode.fingerprint": "0123456789abcdef",
  });
});

Deno.test("what a manifest leaves out is left to the image", () => {
  const plain = request();
  for (const field of ["Entrypoint", "Cmd", "User", "WorkingDir"]) assert.equal(field in plain, false, field);
  const full = request({ entrypoint: ["/e"], command: ["a", "b c"], user: "1000:1000", workingDir: "/w" });
  assert.deepEqual([full.Entrypoint, full.Cmd, full.User, full.WorkingDir], [["/e"], ["a", "b c"], "1000:1000", "/w"]);
});

Deno.test("every port is exposed, and only one with a host port is published", () => {
  const { ExposedPorts, HostConfig } = request({
    ports: [
      { name: null, hostAddress: "127.0.0.1", host: 8080, container: 80, protocol: "tcp" },
      { name: "alt", hostAddress: "0.0.0.0", host: 8081, container: 80, protocol: "tcp" },
      { name: "dns", hostAddress: "0.0.0.0", host: null, container: 53, protocol: "udp" },
    ],
  });
  assert.deepEqual(Object.keys(ExposedPorts), ["80/tcp", "53/udp"]);
  assert.deepEqual(HostConfig.PortBindings, {
    "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }, { HostIp: "0.0.0.0", HostPort: "8081" }],
  });
});

Deno.test("a named port is written out in commands and the environment, as it is in the container", () => {
  const { Cmd, Entrypoint, Env } = request({
    entrypoint: ["/e", "${ports.http}"],
    command: ["-p", "${ports.http}", "${HOME}"],
    env: { URL: "http://localhost:${ports.http}/" },
    ports: [{ name: "http", hostAddress: "0.0.0.0", host: 8080, container: 80, protocol: "tcp" }],
  });
  assert.deepEqual([Entrypoint, Cmd], [["/e", "80"], ["-p", "80", "${HOME}"]]);
  assert.deepEqual(Env, ["URL=http://localhost:80/"]);
});

Deno.test("limits and times reach Docker in its own units", () => {
  const { HostConfig, StopSignal, StopTimeout } = request({
    resources: { memoryBytes: 1024, cpus: 0.1, pids: 7 },
    stopSignal: "SIGQUIT",
    stopTimeoutMs: 1500,
  });
  assert.deepEqual([HostConfig.Memory, HostConfig.NanoCpus, HostConfig.PidsLimit], [1024, 100_000_000, 7]);
  assert.deepEqual([StopSignal, StopTimeout], ["SIGQUIT", 2]);
});

Deno.test("no container gets a restart policy or unbounded logs, and none can gain privileges", () => {
  const { HostConfig } = request();
  assert.deepEqual(HostConfig.RestartPolicy, { Name: "no" });
  const config = { "max-size": "10485760", "max-file": "1" };
  assert.deepEqual(HostConfig.LogConfig, { Type: "json-file", Config: config });
  const { HostConfig: archived } = request({ logs: { maxBytes: 1024, maxFiles: 2 } });
  assert.deepEqual(archived.LogConfig.Config, { "max-size": "1024", "max-file": "3", compress: "true" });
  assert.deepEqual(HostConfig.SecurityOpt, ["no-new-privileges"]);
  for (const field of ["Privileged", "Binds", "NetworkMode", "PidMode", "CapAdd", "Devices", "DeviceRequests"]) {
    assert.equal(field in HostConfig, false, field);
  }
});

Deno.test("devices and GPUs reach Docker as its own command line asks for them", () => {
  const { HostConfig } = request({ devices: ["/dev/ttyUSB0"], gpus: "all" });
  assert.deepEqual(HostConfig.Devices, [
    { PathOnHost: "/dev/ttyUSB0", PathInContainer: "/dev/ttyUSB0", CgroupPermissions: "rwm" },
  ]);
  const gpus = { Driver: "", Count: -1, DeviceIDs: null, Capabilities: [["gpu"]], Options: {} };
  assert.deepEqual(HostConfig.DeviceRequests, [gpus]);
  assert.deepEqual(request({ gpus: 2 }).HostConfig.DeviceRequests, [{ ...gpus, Count: 2 }]);
});

Deno.test("files of the workload are mounted read only, whatever the manifest says", () => {
  const mounts = (source: string) => request({ mounts: [{ type: "files", source, target: "/t", readOnly: false }] });
  const bind = { Type: "bind", Target: "/t", ReadOnly: true };
  assert.deepEqual(mounts("site").HostConfig.Mounts, [{ ...bind, Source: "/data/files/web/abc/site" }]);
  assert.deepEqual(mounts("./site/").HostConfig.Mounts, [{ ...bind, Source: "/data/files/web/abc/site" }]);
  assert.deepEqual(mounts(".").HostConfig.Mounts, [{ ...bind, Source: "/data/files/web/abc" }]);
});

Deno.test("nothing outside the workload's folder is ever mounted", () => {
  for (const source of ["..", "../other", "a/../../b", "../abcd"]) {
    assert.throws(
      () => request({ mounts: [{ type: "files", source, target: "/t", readOnly: true }] }),
      { name: "Failure", kind: "mistake", message: `The mount's source "${source}" is not in the workload's folder` },
    );
  }
  assert.throws(() => request({ mounts: [{ type: "files", source: "a", target: "/t", readOnly: true }] }, null));
  const absolute = request({ mounts: [{ type: "files", source: "/etc", target: "/t", readOnly: true }] });
  assert.equal((absolute.HostConfig.Mounts[0] as { Source: string }).Source, "/data/files/web/abc/etc");
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
  const labels = request().Labels;
  const of = (Labels: Record<string, string> | null) => asInstance(inspected({}, { Config: { Labels } }), "d1");
  assert.notEqual(of(labels), null);
  assert.equal(of(null), null);
  assert.equal(of({ ...labels, "harbornode.device": "d2" }), null);
  for (const slot of ["", "-1", "1.5", "x"]) assert.equal(of({ ...labels, "harbornode.slot": slot }), null);
  const { "harbornode.fingerprint": _, ...unmarked } = labels;
  assert.equal(of(unmarked), null);
});
