import assert from "node:assert/strict";
import { createRequest } from "../../../../src/runtime/docker/request/create_request.ts";
import type { EndpointRequest } from "../../../../src/runtime/docker/api_types.ts";
import { dockerWorkload } from "../docker_workload.ts";

const MARKS = { deviceId: "d1", slot: 2, fingerprint: "0123456789abcdef", filesDir: "/data/files/web/abc" };
const request = (
  fields: Partial<Parameters<typeof dockerWorkload>[0]> = {},
  more: { filesDir?: string | null; endpoints?: Map<string, EndpointRequest> } = {},
) =>
  createRequest(dockerWorkload({ name: "web", image: "nginx:1.27", ...fields }), {
    ...MARKS,
    hostPaths: new Map([["/srv/link", "/srv/media"]]),
    endpoints: new Map([["n1", { Aliases: ["web", "www"] }], ["n2", { Aliases: ["web"] }]]),
    ...more,
  });

Deno.test("a container is marked with all that says whose it is, and no label of a manifest stands for one of these", () => {
  const labels = { "harbornode.slot": "9", "traefik.enable": "true" };
  assert.deepEqual(request({ labels }).Labels, {
    "traefik.enable": "true",
    "harbornode.device": "d1",
    "harbornode.workload": "web",
    "harbornode.slot": "2",
    "harbornode.fingerprint": "0123456789abcdef",
    "harbornode.networks": "n1,n2",
  });
});

Deno.test("a container is made on its first network", () => {
  const { HostConfig, NetworkingConfig } = request();
  assert.equal(HostConfig.NetworkMode, "n1");
  assert.deepEqual(NetworkingConfig, { EndpointsConfig: { n1: { Aliases: ["web", "www"] } } });
  const none = request({ network: "none" }, { endpoints: new Map() });
  assert.deepEqual([none.HostConfig.NetworkMode, none.NetworkingConfig], ["none", undefined]);
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
  for (const field of ["Privileged", "Binds", "PidMode", "IpcMode", "UTSMode", "Devices", "DeviceRequests"]) {
    assert.equal(field in HostConfig, false, field);
  }
});

Deno.test("what widens a container reaches Docker only where it is asked for", () => {
  const plain = request().HostConfig;
  assert.deepEqual([plain.Privileged, plain.CapDrop, plain.CapAdd?.length], [undefined, ["ALL"], 10]);
  const privileged = request({ privileged: true }).HostConfig;
  assert.deepEqual([privileged.Privileged, privileged.CapDrop, privileged.SecurityOpt], [true, undefined, []]);
  const open = request({
    securityOpt: [
      { type: "new-privileges" },
      { type: "seccomp", profile: "unconfined" },
      { type: "apparmor", profile: "mine" },
      { type: "label", value: "disable" },
    ],
  });
  assert.deepEqual(open.HostConfig.SecurityOpt, ["seccomp=unconfined", "apparmor=mine", "label=disable"]);
  const unlimited = request({ ulimits: { memlock: { soft: null, hard: null } } });
  assert.deepEqual(unlimited.HostConfig.Ulimits, [{ Name: "memlock", Soft: -1, Hard: -1 }]);
});

Deno.test("a path of the device is mounted from where it really is", () => {
  const { HostConfig } = request({ mounts: [{ type: "host", source: "/srv/link", target: "/m", readOnly: false }] });
  assert.deepEqual(HostConfig.Mounts, [{ Type: "bind", Source: "/srv/media", Target: "/m", ReadOnly: false }]);
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
  assert.throws(() =>
    request({ mounts: [{ type: "files", source: "a", target: "/t", readOnly: true }] }, { filesDir: null })
  );
  const absolute = request({ mounts: [{ type: "files", source: "/etc", target: "/t", readOnly: true }] });
  assert.equal((absolute.HostConfig.Mounts[0] as { Source: string }).Source, "/data/files/web/abc/etc");
});
