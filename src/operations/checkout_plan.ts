/** A checkout on any machine, as the devices of its fleet would read it. Needs no device, writes nothing. */
import { FLEET_FILE, type FleetDevice, readFleet } from "../manifest/device/fleet.ts";
import type { Target } from "../manifest/device/selector.ts";
import { MAX_FLEET_BYTES, sizeProblem } from "../manifest/manifest_limits.ts";
import { type ManifestTree, readManifests } from "../manifest/read_manifests.ts";
import { ALLOW_ALL } from "../model/policy/allow_all.ts";
import { CHECKOUT, type Desired } from "../model/desired.ts";
import type { Problem } from "../model/problem.ts";
import type { RuntimeName } from "../model/workload.ts";
import { plan as makePlan } from "../reconciler/pipeline/plan.ts";
import { readDirectory } from "../source/directory_source.ts";
import type { Revision } from "../source/source.ts";
import { type PlanPreview, planPreview } from "./plan_preview.ts";
import { loadTexts } from "../sync/load_revision.ts";

export interface Checkout extends Pick<Revision, "entries" | "read"> {
  /** The devices of devices.toml; empty without one. */
  fleet: FleetDevice[];
  /** What is wrong with devices.toml. */
  problems: Problem[];
}

/** Throws a `Failure` for a folder that cannot be read. */
export async function openCheckout(dir: string): Promise<Checkout> {
  const { entries, read } = await readDirectory(dir);
  const file = entries.find(({ path, type }) => path === FLEET_FILE && type === "file");
  if (file === undefined) return { entries, read, fleet: [], problems: [] };
  const tooLarge = sizeProblem(file, MAX_FLEET_BYTES, "take out devices that are gone");
  if (tooLarge !== null) return { entries, read, fleet: [], problems: [tooLarge] };
  const fleet = readFleet(new TextDecoder().decode(await read(file)));
  return "problems" in fleet
    ? { entries, read, fleet: [], problems: fleet.problems }
    : { entries, read, fleet: fleet.devices, problems: [] };
}

/** What the checkout asks of one device, and the texts that it was read from. */
export async function readForDevice(
  checkout: Checkout,
  target: Target,
): Promise<{ desired: Desired; tree: ManifestTree }> {
  const { tree, manifests } = await loadTexts(checkout, target);
  return { desired: readManifests(tree, { revision: CHECKOUT, ...target }, manifests), tree };
}

/** The plan of a device that nothing runs on yet, and whose owner allows all that is asked. */
export async function planForEmptyDevice(checkout: Checkout, target: Target): Promise<PlanPreview> {
  const { desired } = await readForDevice(checkout, target);
  const runtimes: RuntimeName[] = target.docker === false ? ["native"] : ["native", "docker"];
  const observations = runtimes.map((runtime) => ({ runtime, ok: true as const, instances: [] }));
  const now = Date.now();
  const plan = makePlan({
    desired,
    observations,
    enabledRuntimes: runtimes,
    answered: new Set(runtimes),
    answeringSince: new Map(runtimes.map((runtime) => [runtime, now])),
    owner: { modes: {}, defaultMode: null },
    policy: ALLOW_ALL,
    windows: null,
    states: new Map(),
    retries: new Map(),
    busy: new Set(),
    forcedRestarts: new Set(),
    probedHealth: new Map(),
    memoryBytes: target.memoryBytes ?? null,
    since: now,
    rolloutScope: "workload",
    quarantinedRevision: null,
    graceMs: 0,
    pruneDoubt: null,
    pruneConfirmed: null,
    now,
  });
  return planPreview(plan, { desired, observations, error: null });
}
