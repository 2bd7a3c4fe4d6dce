/** Generated devices and revisions, small names on purpose so that they collide. */
import fc from "fast-check";
import type { Desired } from "../../../src/model/desired.ts";
import type { Instance } from "../../../src/model/instance.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { ALWAYS, docker, native, NEVER, ON_FAILURE } from "../../support/workload.ts";
import { instance } from "./model_device.ts";

const NAMES = ["api", "cam", "db", "web", "zoo"] as const;

export const workload: fc.Arbitrary<Workload> = fc.record({
  name: fc.constantFrom(...NAMES),
  ofDevice: fc.boolean(),
  version: fc.integer({ min: 1, max: 3 }),
  replicas: fc.integer({ min: 1, max: 3 }),
  enabled: fc.integer({ min: 0, max: 5 }).map((one) => one > 0),
  suspend: fc.integer({ min: 0, max: 5 }).map((one) => one === 0),
  restart: fc.constantFrom(ALWAYS, ON_FAILURE, NEVER),
}).map(({ ofDevice, version, ...rest }) => {
  const fields = { ...rest, manifest: `x/${rest.name}.toml`, env: { VERSION: String(version) } };
  return ofDevice ? native(fields) : docker(fields);
});

export const workloads = fc.uniqueArray(workload, { selector: (spec) => spec.name, maxLength: NAMES.length });

export function desired(specs: Workload[], revision = "a".repeat(40)): Desired {
  return { revision, workloads: specs, invalid: [], notSelected: [] };
}

/** Instances as accidents leave them: of any spec, state and slot, several for one slot, ended in any way. */
export const instances: fc.Arbitrary<Instance[]> = fc.array(
  fc.record({
    spec: workload,
    slot: fc.integer({ min: 0, max: 3 }),
    state: fc.constantFrom("running" as const, "running" as const, "exited" as const, "created" as const),
    exitCode: fc.constantFrom(0, 1, 137, null),
    ranMs: fc.integer({ min: 0, max: 60_000 }),
  }),
  { maxLength: 8 },
).map((list) =>
  list.map(({ spec, slot, state, exitCode, ranMs }, index) =>
    instance(spec, {
      id: `old-${index}`,
      slot,
      state,
      pid: state === "running" ? 100 + index : null,
      startedAt: state === "created" ? null : 900_000,
      endedAt: state === "exited" ? 900_000 + ranMs : null,
      exitCode: state === "exited" ? exitCode : null,
    })
  )
);
