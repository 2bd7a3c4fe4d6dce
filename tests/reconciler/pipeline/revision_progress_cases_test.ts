/** Progress of a revision with one workload, as a table: applied, healthy, retracted, at rest. */
import assert from "node:assert/strict";
import { fingerprint, rolloutDigest } from "../../../src/model/fingerprint.ts";
import type { Instance } from "../../../src/model/instance.ts";
import type { Override } from "../../../src/model/override.ts";
import type { QuarantinedSpec, RolloutState } from "../../../src/model/rollout.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { newState } from "../../../src/model/workload_state.ts";
import { plan } from "../../../src/reconciler/pipeline/plan.ts";
import { revisionProgress } from "../../../src/reconciler/pipeline/revision_progress.ts";
import { native } from "../../support/workload.ts";
import { desired } from "./arbitraries.ts";
import { instance, ModelDevice } from "./model_device.ts";

const REVISION = "a".repeat(40);
const WEB = native({ name: "web" });
const BEFORE = native({ name: "web", env: { VERSION: "0" } });

interface Case {
  spec?: Workload;
  /** What runs; null for nothing. */
  runs?: Workload | null;
  detail?: Partial<Instance>;
  rollouts?: Partial<RolloutState>;
  applied?: Workload;
  override?: Override["action"];
  isOperating?: boolean;
}

/** "web applied; revision applied, healthy, rolled back, at rest" */
function progress({ spec = WEB, runs = spec, detail, rollouts, applied, override, isOperating = false }: Case): string {
  const device = new ModelDevice(runs === null ? [] : [instance(runs, { id: "a", slot: 0, ...detail })]);
  device.states.set("web", {
    ...newState("web"),
    ...(applied === undefined
      ? {}
      : { applied: { workload: applied, fingerprint: fingerprint(applied), revision: "r" } }),
    ...(rollouts === undefined ? {} : { rollouts: { versions: [], history: [], ...rollouts } }),
    ...(override === undefined ? {} : { override: { action: override, since: 0, until: null } }),
  });
  const input = device.input(desired([spec], REVISION));
  const made = plan(input);
  device.remember(made);
  const operating = new Set(isOperating ? ["web"] : []);
  const found = revisionProgress({ ...input, plan: made, operating });
  const { appliedSpecs, isApplied, isHealthy, isRolledBack, isAtRest } = found;
  const marks = [
    ...isApplied ? ["applied"] : [],
    ...isHealthy ? ["healthy"] : [],
    ...isRolledBack ? ["rolled back"] : [],
    ...isAtRest ? ["at rest"] : [],
  ];
  return `${appliedSpecs.has("web") ? "web applied" : "web not applied"}; revision ${marks.join(", ") || "open"}`;
}

/** A rollout of `WEB` that began just now: without a health check it is complete only after some time. */
const YOUNG: Partial<Instance> = { startedAt: 999_999 };
const UNDER_WAY = {
  fingerprint: fingerprint(WEB),
  revision: REVISION,
  reason: "spec_changed" as const,
  message: "env.VERSION changed",
  startedAt: 999_999,
};
const FAILED = { ...UNDER_WAY, failed: { reason: "crash_loop" as const, message: "web[0] ended" } };

function quarantined(by: QuarantinedSpec["by"]): Partial<RolloutState> {
  const version = { workload: BEFORE, fingerprint: fingerprint(BEFORE), revision: "r0", healthyAt: 0 };
  const refused: QuarantinedSpec = {
    digest: rolloutDigest(WEB),
    fingerprint: fingerprint(WEB),
    revision: REVISION,
    target: fingerprint(BEFORE),
    by,
    reason: "crash_loop",
    message: "web[0] ended",
    at: 0,
    state: "back",
  };
  return { versions: [version], refused };
}

const SUSPENDED = native({ name: "web", suspend: true });

const CASES: [claim: string, of: Case, expected: string][] = [
  ["runs as desired", {}, "web applied; revision applied, healthy, at rest"],
  ["is missing", { runs: null }, "web not applied; revision open"],
  ["runs its predecessor", { runs: BEFORE }, "web not applied; revision open"],
  ["has an operation under way", { isOperating: true }, "web not applied; revision open"],
  [
    "has a rollout under way is applied before it is healthy",
    { detail: YOUNG, rollouts: { underWay: UNDER_WAY } },
    "web applied; revision applied",
  ],
  [
    "has a failed rollout without a stable version is applied",
    { detail: YOUNG, rollouts: { underWay: FAILED } },
    "web applied; revision applied, healthy, at rest",
  ],
  [
    "was rolled back for its health: the stable version is applied, and the revision is not",
    { runs: BEFORE, rollouts: quarantined("health") },
    "web applied; revision rolled back, at rest",
  ],
  [
    "was rolled back by the operator retracts nothing",
    { runs: BEFORE, rollouts: quarantined("owner") },
    "web applied; revision at rest",
  ],
  [
    "is suspended by git, and runs",
    { spec: SUSPENDED, applied: WEB },
    "web not applied; revision applied, healthy, at rest",
  ],
  [
    "is suspended by git, and was never applied",
    { spec: SUSPENDED },
    "web not applied; revision applied, healthy, at rest",
  ],
  [
    "is suspended by the operator",
    { override: "suspend", applied: WEB },
    "web not applied; revision applied, healthy, at rest",
  ],
  [
    "was stopped by the operator",
    { override: "stop", runs: null },
    "web not applied; revision applied, healthy, at rest",
  ],
  [
    "is disabled",
    { spec: native({ name: "web", enabled: false }), runs: null },
    "web applied; revision applied, healthy, at rest",
  ],
];

for (const [claim, of, expected] of CASES) {
  Deno.test(`progress of a workload that ${claim}`, () => assert.equal(progress(of), expected));
}
