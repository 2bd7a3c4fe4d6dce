import assert from "node:assert/strict";
import { commonVersion } from "../../../src/runtime/docker/engine.ts";
import { engineError, pullError, unavailable } from "../../../src/runtime/docker/engine_error.ts";

Deno.test("what Docker says is told as a reason and a sentence", () => {
  const cases: [status: number, message: string, reason: string, sentence: string][] = [
    [
      500,
      "driver failed programming external connectivity on endpoint harbornode-web-0 (6e1b): Bind for 0.0.0.0:8080 failed: port is already allocated",
      "port_conflict",
      'Port "8080" is already taken on this device',
    ],
    [
      500,
      "driver failed programming external connectivity on endpoint harbornode-web-0 (6e1b): Error starting userland proxy: listen tcp4 127.0.0.1:8080: bind: address already in use",
      "port_conflict",
      'Port "8080" is already taken on this device',
    ],
    [500, "mkdir /var/lib/docker/x: no space left on device", "disk_full", ""],
    [400, "unable to find user ada: no matching entries in passwd file", "user_unknown", ""],
    [
      400,
      'OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "nope": executable file not found in $PATH: unknown',
      "command_not_found",
      "",
    ],
    [
      500,
      'could not select device driver "" with capabilities: [[gpu]]',
      "start_failed",
      "gpus: Docker has no driver for GPUs on this device",
    ],
    [
      500,
      "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
      "docker_error",
      "Docker has no addresses left for another network",
    ],
    [500, "server error.", "docker_error", "Docker cannot start it: server error"],
  ];
  for (const [status, message, reason, sentence] of cases) {
    const failure = engineError("start it", { status, message });
    assert.equal(failure.reason, reason);
    assert.equal(failure.message, sentence === "" ? `Docker cannot start it: ${message}` : sentence);
  }
});

Deno.test("a pull that failed says whether it is the name, the architecture, the credentials or the way there", () => {
  const cases: [message: string, kind: string, reason: string][] = [
    ["manifest for 127.0.0.1:5000/web:1 not found: manifest unknown: manifest unknown", "mistake", "image_not_found"],
    [
      "pull access denied for web, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      "mistake",
      "image_not_found",
    ],
    ["no matching manifest for linux/arm64/v8 in the manifest list entries", "mistake", "image_platform_mismatch"],
    ["unauthorized: authentication required", "refused", "image_pull_failed"],
    ["write /var/lib/docker/tmp/x: no space left on device", "refused", "disk_full"],
    ["toomanyrequests: You have reached your pull rate limit", "transient", "image_pull_failed"],
    [
      'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
      "transient",
      "image_pull_failed",
    ],
  ];
  for (const [message, kind, reason] of cases) {
    const failure = pullError({ image: "web:1", login: null }, message);
    assert.deepEqual([failure.kind, failure.reason], [kind, reason], message);
    assert.equal(failure.message, `Cannot pull image "web:1": ${message}`);
  }
});

Deno.test("a Docker that does not answer is told with the one thing to do about it", () => {
  const hints = [
    "No such file or directory (os error 2)",
    "Permission denied (os error 13)",
    "Connection refused (os error 111)",
  ]
    .map((text) => unavailable("/s", new TypeError("fetch failed", { cause: new Error(text) })).hint);
  assert.deepEqual(hints, [
    "install Docker, or set host in [docker] of config.toml",
    'run HarborNode as root, or add its user to the group "docker"',
    'look at what "systemctl status docker" says',
  ]);
});

Deno.test("the newest API version that both sides speak is spoken", () => {
  assert.equal(commonVersion({ ApiVersion: "1.41", MinAPIVersion: "1.12" }), "1.41");
  assert.equal(commonVersion({ ApiVersion: "1.55", MinAPIVersion: "1.44" }), "1.52");
  assert.equal(commonVersion({ ApiVersion: "1.45" }), "1.45");
  for (const answer of [{ ApiVersion: "1.40" }, {}, { ApiVersion: "1.60", MinAPIVersion: "1.53" }]) {
    assert.throws(() => commonVersion(answer), { name: "Failure", kind: "refused", reason: "docker_error" });
  }
});
