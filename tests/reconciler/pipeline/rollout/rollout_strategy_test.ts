import assert from "node:assert/strict";
import { rolloutPolicy } from "../../../../src/model/rollout_policy.ts";
import type { Instance } from "../../../../src/model/instance.ts";
import type { DockerWorkload, Port, RolloutPolicy, Workload } from "../../../../src/model/workload.ts";
import { plan } from "../../../../src/reconciler/pipeline/plan.ts";
import { strategyOf } from "../../../../src/reconciler/pipeline/rollout/rollout_strategy.ts";
import { docker, native } from "../../../support/workload.ts";
import { desired } from "../arbitraries.ts";
import { ModelDevice, settle } from "../model_device.ts";

const port = (host: number | null): Port => {
  return { name: null, hostAddress: "0.0.0.0", host, container: 80, protocol: "tcp" };
};
const asks = (strategy: RolloutPolicy["strategy"]) => ({ rollout: rolloutPolicy({ strategy }) });
const volume: DockerWorkload["mounts"] = [{ type: "volume", source: "data", target: "/data", readOnly: false }];
const files: DockerWorkload["mounts"] = [{ type: "files", source: "x", target: "/x", readOnly: true }];

const CASES: [claim: string, spec: Workload, type: string, limitation: string | null][] = [
  ["a process is replaced as systemd would", native({}), "recreate", null],
  ["several processes are replaced in turn", native({ replicas: 2 }), "rolling", null],
  ["a process is followed beside it where it asks for that", native(asks("start-first")), "start-first", null],
  ["a container is followed beside it", docker({}), "start-first", null],
  ["several containers as well", docker({ replicas: 3 }), "start-first", null],
  ["a port that is not published binds nobody", docker({ ports: [port(null)] }), "start-first", null],
  ["a published port is held by one", docker({ ports: [port(80)] }), "recreate", "port 80 can be held by one alone"],
  [
    "a fixed port outdoes what is asked",
    native({ ports: [port(80)], ...asks("start-first") }),
    "recreate",
    "port 80 can be held by one alone",
  ],
  ["a chosen port is another one", native({ ports: [port(0)], ...asks("start-first") }), "start-first", null],
  ["files are for reading", docker({ mounts: files }), "start-first", null],
  ["a volume is written by one", docker({ mounts: volume }), "recreate", '"/data" can be written by one alone'],
  ["unless the manifest knows better", docker({ mounts: volume, ...asks("start-first") }), "start-first", null],
  ["a device is used by one", docker({ devices: ["/dev/x"] }), "recreate", '"/dev/x" can be used by one alone'],
  ["what is asked for is done", docker(asks("recreate")), "recreate", null],
];

for (const [claim, spec, type, limitation] of CASES) {
  Deno.test(`strategy: ${claim}`, () => assert.deepEqual(strategyOf(spec), { type, limitation }));
}

const running = (fields: Partial<Instance>): Instance[] => [{
  id: "c1",
  workload: "web",
  slot: 0,
  runtime: "docker",
  fingerprint: "f",
  state: "running",
  pid: 1,
  containerId: "c1",
  startedAt: 0,
  endedAt: null,
  exitCode: null,
  runtimeHealth: null,
  ports: [],
  warnings: [],
  ...fields,
}];

Deno.test("strategy: a volume that the image of what runs declares is written by one", () => {
  const ownVolumes = ["/data"];
  const limitation = '"/data", a volume of its image, can be written by one alone';
  assert.deepEqual(strategyOf(docker({}), running({ ownVolumes })), { type: "recreate", limitation });
  assert.deepEqual(strategyOf(docker({ replicas: 2 }), running({ ownVolumes })), { type: "rolling", limitation });
  const beside = { type: "start-first", limitation: null };
  assert.deepEqual(strategyOf(docker({}), running({})), beside);
  assert.deepEqual(strategyOf(docker({}), running({ ownVolumes, state: "exited" })), beside);
  assert.deepEqual(strategyOf(docker(asks("start-first")), running({ ownVolumes })), beside);
  // Something else is mounted there from now on.
  const mounts: DockerWorkload["mounts"] = [{ type: "tmpfs", target: "/data", sizeBytes: null }];
  assert.deepEqual(strategyOf(docker({ mounts }), running({ ownVolumes })), beside);
});

Deno.test("a plan says why the old one goes first", () => {
  const device = new ModelDevice();
  const web = (version: string) => docker({ ports: [port(80)], env: { VERSION: version } });
  settle(device, desired([web("1")]), plan, 30);
  const [, stop] = plan(device.input(desired([web("2")]))).actions;
  assert.equal(stop?.type, "stop");
  assert.equal(
    stop?.message,
    "runs an older spec; the old one goes first: port 80 can be held by one alone",
  );
});
