/** Which workloads a plan is about, and with which spec: valid, gated, invalid and deleted ones. */
import assert from "node:assert/strict";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import type { Override } from "../../../src/model/override.ts";
import { newState } from "../../../src/model/workload_state.ts";
import { actionTitle } from "../../../src/reconciler/pipeline/action.ts";
import { earliest } from "../../../src/reconciler/pipeline/earliest.ts";
import { plan } from "../../../src/reconciler/pipeline/plan.ts";
import type { Workload } from "../../../src/model/workload.ts";
import { native } from "../../support/workload.ts";
import { desired } from "./arbitraries.ts";
import { instance, ModelDevice } from "./model_device.ts";

const REVISION = "a".repeat(40);
const OLD = native({ name: "web", env: { VERSION: "1" } });
const NEW = native({ name: "web", env: { VERSION: "2" } });
const OTHER = native({ name: "api" });

/** A device that runs `OLD` and has recorded it as applied, under whatever name. */
function device({ override, name = "web" }: { override?: Override; name?: string } = {}): ModelDevice {
  const made = new ModelDevice([instance(OLD, { id: "a", slot: 0 })]);
  const applied = { workload: { ...OLD, name }, fingerprint: fingerprint(OLD), revision: "r1" };
  made.states.set("web", { ...newState("web"), applied, ...(override === undefined ? {} : { override }) });
  return made;
}

/** "web[version] of r1: gated", for each workload of the plan. */
function resolved(made: ModelDevice, wanted = desired([NEW])): string[] {
  return plan(made.input(wanted)).workloads.map(({ name, spec, revision, gated, invalid, override }) => {
    const marks = [gated?.reason, invalid === null ? undefined : "invalid", override?.action].filter((mark) => mark);
    assert.ok(spec === null || spec.name === name, `${spec?.name} is called ${name}`);
    return `${name}[${spec?.env.VERSION ?? "-"}] of ${revision?.slice(0, 2) ?? "nothing"}: ${marks.join(" ")}`;
  });
}

const SUSPENDED: Override = { action: "suspend", since: 0, until: null };
const INVALID = { name: "web", kind: "service" as const, path: "services/web.toml", problems: [] };

Deno.test("a valid workload has its desired spec, an invalid one its applied spec", () => {
  assert.deepEqual(resolved(device()), ["web[2] of aa: "]);
  assert.deepEqual(resolved(device(), { ...desired([]), invalid: [INVALID] }), ["web[1] of r1: invalid"]);
  assert.deepEqual(resolved(new ModelDevice(), { ...desired([]), invalid: [INVALID] }), ["web[-] of nothing: invalid"]);
});

Deno.test("an applied spec has the present name of its workload", () => {
  const renamed = device({ name: "former" });
  assert.deepEqual(resolved(renamed, { ...desired([]), invalid: [INVALID] }), ["web[1] of r1: invalid"]);
  renamed.refusedRevision = { revision: REVISION, message: "api failed" };
  assert.deepEqual(resolved(renamed, desired([OTHER])), ["api[-] of aa: ", "web[1] of r1: "]);
});

Deno.test("a deleted workload stays while the operator suspends it, or its revision is rolled back, and once", () => {
  assert.deepEqual(resolved(device(), desired([OTHER])), ["api[-] of aa: "]);
  assert.deepEqual(resolved(device({ override: SUSPENDED }), desired([OTHER])), [
    "api[-] of aa: ",
    "web[1] of r1: suspend",
  ]);
  const both = device({ override: SUSPENDED });
  both.refusedRevision = { revision: REVISION, message: "api failed" };
  assert.deepEqual(resolved(both, desired([OTHER])), ["api[-] of aa: ", "web[1] of r1: suspend"]);
  Object.assign(both.instances[0]!, { state: "exited", exitCode: 1, endedAt: both.now });
  const titles = plan(both.input(desired([OTHER]))).actions.map(actionTitle);
  assert.deepEqual(titles.filter((title) => title.includes("web")), ["prepare web", "start web[0]"]);
});

Deno.test("a suspended workload has its applied spec, and without one its desired spec, as the operator changes it", () => {
  const of = (made: ModelDevice, spec: Workload) => {
    const [workload] = plan(made.input(desired([spec]))).workloads;
    const { frozen, gated, revision } = workload!;
    return [frozen, workload!.spec?.env.VERSION, workload!.spec?.enabled, revision?.slice(0, 2), gated];
  };
  const suspended = native({ ...NEW, suspend: true });
  assert.deepEqual(of(device(), suspended), ["applied", "1", true, "r1", null]);
  assert.deepEqual(of(new ModelDevice(), suspended), ["untouched", "2", true, "aa", null]);
  const stopped = new ModelDevice();
  stopped.states.set("web", { ...newState("web"), override: { ...SUSPENDED, action: "stop" } });
  assert.deepEqual(of(stopped, suspended), ["untouched", "2", false, "aa", null]);
});

Deno.test("the earliest of several times is the one that a plan wakes up at, and none is never", () => {
  assert.equal(earliest(null, 7, 3, null), 3);
  assert.equal(earliest(null, null), null);
  assert.equal(earliest(), null);
});
