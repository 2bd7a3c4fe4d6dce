import assert from "node:assert/strict";
import type { RuntimeOptions } from "../../../src/model/desired.ts";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import { newState, type WorkloadState } from "../../../src/model/workload_state.ts";
import type { RuntimeName, Workload } from "../../../src/model/workload.ts";
import { chooseRuntime, type RuntimeChoiceInput } from "../../../src/reconciler/pipeline/runtime_choice.ts";
import { docker, native } from "../../support/workload.ts";
import { instance } from "./model_device.ts";

const PROCESS = native({});
const CONTAINER = docker({ kind: "service" });
const SERVICE: RuntimeOptions = { specs: [PROCESS, CONTAINER], preferred: null };
const DEPLOYMENT: RuntimeOptions = {
  specs: [docker({}), native({ kind: "deployment" })],
  preferred: null,
};
const PREFERS_DOCKER: RuntimeOptions = { ...SERVICE, preferred: "docker" };
const NATIVE_ALONE: RuntimeOptions = { specs: [PROCESS], preferred: null };

interface Scene {
  choice?: RuntimeOptions;
  /** Of the enabled runtimes, those that do not answer. */
  down?: RuntimeName[];
  disabled?: RuntimeName[];
  owner?: Partial<RuntimeChoiceInput["owner"]>;
  rest?: Partial<RuntimeChoiceInput>;
}

/** "runtime: why", or "runtime BLOCKED reason: sentence"; "fell back" in the end where that is to be remembered. */
function check({ choice = PREFERS_DOCKER, down = [], disabled = [], owner = {}, rest = {} }: Scene): string {
  const enabledRuntimes = (["native", "docker"] as const).filter((one) => !disabled.includes(one));
  const { spec, mode, fellBackFrom, blocked } = chooseRuntime(choice, {
    owner: { modes: {}, defaultMode: null, ...owner },
    enabledRuntimes,
    observations: enabledRuntimes.map((runtime) =>
      down.includes(runtime)
        ? { runtime, ok: false, reason: "docker_unavailable", message: "" }
        : { runtime, ok: true, instances: [] }
    ),
    answered: new Set(enabledRuntimes.filter((enabledRuntime) => !down.includes(enabledRuntime))),
    instances: [],
    state: undefined,
    isForced: false,
    ...rest,
  });
  assert.ok(mode === null || mode.chosen === spec.runtime);
  for (const sentence of [mode?.reason, blocked?.message]) assert.doesNotMatch(sentence ?? "x", /^$|^[A-Z]|\.$|n't\b/);
  const why = mode === null ? "no choice" : mode.reason;
  const held = blocked === null ? `: ${why}` : ` BLOCKED ${blocked.reason}: ${blocked.message}`;
  return `${spec.runtime}${held}${fellBackFrom === null ? "" : ", fell back"}`;
}

const applied = (workload: Workload, fellBackFrom?: RuntimeName): { state: WorkloadState } => ({
  state: {
    ...newState("web"),
    applied: {
      workload,
      fingerprint: fingerprint(workload),
      revision: "r",
      ...(fellBackFrom === undefined ? {} : { fellBackFrom }),
    },
  },
});
/** And what was applied before, if there is such a thing. */
const begunIn = (runtime: RuntimeName, before = newState("web")): { state: WorkloadState } => ({
  state: {
    ...before,
    slots: { 0: { fingerprint: "f", runtime, restarts: 0, streak: 0, lastExitCode: null, recent: [] } },
  },
});
const SEEN = { answered: new Set<RuntimeName>(["native", "docker"]) };
const OLDER = native({ command: ["older"] });

const SCENES: [claim: string, Scene, chosen: string][] = [
  // what is wished
  ["a service is native", { choice: SERVICE }, "native: it is a service"],
  ["a deployment is a container", { choice: DEPLOYMENT }, "docker: it is a deployment"],
  [
    "the device's default is above the kind",
    { choice: SERVICE, owner: { defaultMode: "docker" } },
    "docker: it is the default mode of the device",
  ],
  [
    "the manifest is above the device's default",
    { owner: { defaultMode: "native" } },
    "docker: its manifest prefers it",
  ],
  [
    "the owner's word for the workload is above all",
    { owner: { modes: { web: "native" }, defaultMode: "docker" } },
    "native: the settings of the device say so",
  ],
  [
    "a word for another workload is none for this",
    { owner: { modes: { db: "native" } } },
    "docker: its manifest prefers it",
  ],
  ["one way is no choice", { choice: NATIVE_ALONE, owner: { defaultMode: "docker" } }, "native: no choice"],
  [
    "a mode that the manifest lacks cannot be had",
    { choice: NATIVE_ALONE, owner: { modes: { web: "docker" } } },
    "native BLOCKED mode_unavailable: the settings of the device ask for docker, and its manifest allows native alone",
  ],
  [
    "of a workload that is switched off, no word is impossible",
    { choice: { specs: [native({ enabled: false })], preferred: null }, owner: { modes: { web: "docker" } } },
    "native: no choice",
  ],
  // what can be had
  ["without Docker it is native", { disabled: ["docker"] }, "native: the settings switch docker off"],
  [
    "without native it is a container",
    { choice: SERVICE, disabled: ["native"] },
    "docker: the settings switch native off",
  ],
  ["a Docker that never answered is not waited for", { down: ["docker"] }, "native: docker does not answer, fell back"],
  [
    "a Docker that answered before is waited for",
    { down: ["docker"], rest: SEEN },
    "docker: its manifest prefers it",
  ],
  ["when neither answers, nothing falls back", { down: ["docker", "native"] }, "docker: its manifest prefers it"],
  ["a Docker that is not wanted may be silent", { choice: SERVICE, down: ["docker"] }, "native: it is a service"],
  // what runs stays
  [
    "an outage moves nothing out of Docker",
    { down: ["docker"], rest: applied(CONTAINER) },
    "docker: its manifest prefers it",
  ],
  [
    "nor what was started there and is not written down as applied",
    { down: ["docker"], rest: begunIn("docker") },
    "docker: its manifest prefers it",
  ],
  [
    "what was started natively goes on so",
    {
      down: ["docker"],
      rest: { ...begunIn("native"), ...SEEN, instances: [instance(PROCESS, { id: "a", slot: 0 })] },
    },
    "native: docker does not answer, fell back",
  ],
  [
    "what fell back stays when Docker answers",
    { rest: applied(PROCESS, "docker") },
    "native: docker did not answer when it was started; it stays until it changes or is restarted, fell back",
  ],
  [
    "what fell back stays through the next outage",
    { down: ["docker"], rest: { ...applied(PROCESS, "docker"), ...SEEN } },
    "native: docker does not answer, fell back",
  ],
  ["until its spec changes", { rest: applied(OLDER, "docker") }, "docker: its manifest prefers it"],
  [
    "or the owner asks for a restart",
    { rest: { ...applied(PROCESS, "docker"), isForced: true } },
    "docker: its manifest prefers it",
  ],
  [
    "what was native by choice moves when the choice is another",
    { rest: applied(PROCESS) },
    "docker: its manifest prefers it",
  ],
  [
    "and waits for Docker where it is",
    { down: ["docker"], rest: applied(PROCESS) },
    "native: docker does not answer; it moves there when it does",
  ],
  [
    "after a move to Docker that was cut short, nothing is started beside it",
    { down: ["docker"], rest: begunIn("docker", applied(PROCESS).state) },
    "docker: its manifest prefers it",
  ],
  // out of what does not answer
  [
    "it leaves Docker only when it can be stopped there",
    { choice: SERVICE, down: ["docker"], rest: applied(CONTAINER) },
    "native BLOCKED runtime_unknown: moves from docker to native when docker answers",
  ],
  [
    "nor when a start there may have been the last thing that happened",
    { choice: SERVICE, down: ["docker"], rest: begunIn("docker") },
    "native BLOCKED runtime_unknown: moves from docker to native when docker answers",
  ],
  [
    "even where its manifest has no container any more",
    { choice: NATIVE_ALONE, down: ["docker"], rest: applied(CONTAINER) },
    "native BLOCKED runtime_unknown: moves from docker to native when docker answers",
  ],
  ["and does when it can", { choice: SERVICE, rest: applied(CONTAINER) }, "native: it is a service"],
  [
    "a Docker that the owner switched off is not waited for",
    { disabled: ["docker"], rest: applied(CONTAINER) },
    "native: the settings switch docker off",
  ],
];

for (const [claim, scene, chosen] of SCENES) {
  Deno.test(`mode: ${claim}`, () => assert.equal(check(scene), chosen));
}
