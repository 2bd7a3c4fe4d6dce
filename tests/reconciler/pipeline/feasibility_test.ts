import assert from "node:assert/strict";
import { newState, type WorkloadState } from "../../../src/model/workload_state.ts";
import type { Port, Workload } from "../../../src/model/workload.ts";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import { infeasibleWorkloads } from "../../../src/reconciler/pipeline/feasibility.ts";
import { docker, native } from "../../support/workload.ts";
import { instance } from "./model_device.ts";

const MIB = 1024 * 1024;
const port = (host: number, fields: Partial<Port> = {}): Port => {
  return { name: null, hostAddress: "0.0.0.0", host, container: host, protocol: "tcp", ...fields };
};
const needs = (name: string, memoryMib: number, fields: Partial<Workload> = {}) =>
  native({ name, resources: { memoryBytes: memoryMib * MIB, cpus: null, pids: null }, ...fields as object });

/** "name: reason" of what is blocked; `running` names those that run as their spec says. */
function blocked(
  specs: Workload[],
  { running = [], applied = specs, memoryMib = 1000 }: {
    running?: string[];
    applied?: Workload[];
    memoryMib?: number;
  } = {},
): string[] {
  const runningSpecs = applied.filter((spec) => running.includes(spec.name));
  const states = new Map<string, WorkloadState>(runningSpecs.map((workload) => [workload.name, {
    ...newState(workload.name),
    applied: { workload, fingerprint: fingerprint(workload), revision: "r" },
  }]));
  const found = infeasibleWorkloads(
    specs.map((spec) => {
      return {
        name: spec.name,
        kind: spec.kind,
        spec,
        revision: "r",
        invalid: null,
        gated: null,
        override: null,
        runtimeChoice: null,
        rollout: null,
      };
    }),
    {
      instances: runningSpecs.map((spec) => instance(spec, { id: spec.name, slot: 0 })),
      states,
      memoryBytes: memoryMib * MIB,
    },
  );
  return [...found].map(([name, { reason, message }]) => `${name}: ${reason}: ${message}`);
}

Deno.test("two workloads that want one port: the first by name gets it, whatever its kind", () => {
  const specs = [native({ name: "api", ports: [port(80)] }), docker({ name: "web", ports: [port(80)] })];
  assert.deepEqual(blocked(specs), ['web: port_conflict: port 80/tcp is asked for by "api" as well']);
});

Deno.test("who runs keeps its port", () => {
  const specs = [native({ name: "api", ports: [port(80)] }), native({ name: "web", ports: [port(80)] })];
  assert.deepEqual(blocked(specs, { running: ["web"] }), [
    'api: port_conflict: port 80/tcp is asked for by "web" as well',
  ]);
});

Deno.test("ports on other addresses, of other protocols, or left to the device do not meet", () => {
  const specs = [
    docker({ name: "a", ports: [port(80, { hostAddress: "127.0.0.1" })] }),
    docker({ name: "b", ports: [port(80, { hostAddress: "10.0.0.1" })] }),
    docker({ name: "c", ports: [port(80, { protocol: "udp" })] }),
    native({ name: "d", ports: [port(0)] }),
    native({ name: "e", ports: [port(0)] }),
    native({ name: "f", enabled: false, ports: [port(80)] }),
  ];
  assert.deepEqual(blocked(specs), []);
});

Deno.test("what would promise more memory than there is waits, and nothing that runs is touched for it", () => {
  const specs = [needs("a", 600), needs("b", 600)];
  assert.deepEqual(blocked(specs), [
    "b: insufficient_memory: asks for 600 MiB of memory, and 400 MiB are not promised to others",
  ]);
  assert.deepEqual(blocked(specs, { running: ["b"] }), [
    "a: insufficient_memory: asks for 600 MiB of memory, and 400 MiB are not promised to others",
  ]);
  assert.deepEqual(blocked(specs, { running: ["a", "b"] }), []);
});

Deno.test("what runs may ask for more only as far as there is more, and for less at any time", () => {
  const applied = [needs("a", 600), needs("b", 300)];
  const more = [needs("a", 600), needs("b", 500)];
  assert.deepEqual(blocked(more, { running: ["a", "b"], applied }), [
    "b: insufficient_memory: asks for 500 MiB of memory, and 400 MiB are not promised to others",
  ]);
  assert.deepEqual(blocked([needs("a", 400), more[1]!], { running: ["a", "b"], applied }), []);
  assert.deepEqual(blocked([needs("a", 600), needs("b", 200)], { running: ["a", "b"], applied, memoryMib: 100 }), []);
});

Deno.test("replicas count each, and workloads without a limit are not counted", () => {
  assert.equal(blocked([needs("a", 400, { replicas: 3 })]).length, 1);
  assert.deepEqual(blocked([native({ name: "a" }), needs("b", 1000)]), []);
});
