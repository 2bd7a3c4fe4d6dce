/**
 * A daemon that is new finds many containers that run: how long until it knows them all, what it needs for that, and what
 * a pass costs it from then on; beside docker's own command line, which asks the same of the same Docker.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { openDaemonParts } from "../../src/daemon/daemon_parts.ts";
import { loadSettings } from "../../src/settings/load_config.ts";
import { eventually } from "../support/eventually.ts";
import type { ContainerFleet } from "./container_fleet.ts";
import type { Samples } from "./figure.ts";
import { proportionalKiB } from "./process_table.ts";

/** After it knows them all the daemon rests for so long before its memory is looked at. */
const SETTLE_MS = 5000;
const PASSES = 20;

/** Kills the daemon, starts the next one, and leaves it running. Fails when a container is not what it was before. */
export async function measureAdoption(fleet: ContainerFleet): Promise<Samples> {
  const before = await fleet.containers();
  await fleet.kill();
  const since = performance.now();
  fleet.launch();
  await fleet.allRun({ deadlineMs: 120_000, everyMs: 5 });
  const adopted = performance.now() - since;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const memory = await proportionalKiB(fleet.daemonPid) * 1024 / 1e6;
  assert.deepEqual(await fleet.containers(), before, "adopting them changed a container");
  return { adopted, memory };
}

/** In this process, with no daemon beside it: what the first pass and one without a change take. */
export async function measurePasses(fleet: ContainerFleet): Promise<Samples> {
  await fleet.kill();
  const loaded = await loadSettings({ file: fleet.config, cwd: dirname(fleet.config), env: {}, hostname: "bench" });
  assert.ok("settings" in loaded);
  const stop = new AbortController();
  const parts = await openDaemonParts({ settings: loaded.settings, id: fleet.deviceId, signal: stop.signal });
  try {
    await parts.sync.loadFromDisk();
    let told = 0;
    for (const runtime of parts.runtimes.values()) runtime.watch(() => told++);
    await eventually("Docker's events come", () => told > 0);
    const timed = async () => {
      const since = performance.now();
      const chains = await parts.reconciler.reconcile();
      const ms = performance.now() - since;
      await Promise.all(chains);
      assert.deepEqual(parts.reconciler.plan.actions, [], "a pass that should find nothing to do");
      return ms;
    };
    const first = await timed();
    assert.equal(parts.reconciler.plan.workloads.length, fleet.count);
    const others = [];
    for (let turn = 0; turn < PASSES; turn++) others.push(await timed());
    return { first, unchanged: others.sort((a, b) => a - b)[PASSES / 2]! };
  } finally {
    stop.abort();
    await parts.close();
  }
}

/** Null where there is no docker command. */
export async function measureCommandLine(fleet: ContainerFleet): Promise<Samples | null> {
  const filter = ["--filter", `label=harbornode.device=${fleet.deviceId}`];
  try {
    const [ps, ids] = await docker(["ps", "--all", "--quiet", "--no-trunc", ...filter]);
    const [inspect] = await docker(["inspect", ...ids.trim().split("\n")]);
    return { ps, all: ps + inspect };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function docker(args: string[]): Promise<[ms: number, output: string]> {
  const since = performance.now();
  const { success, stdout, stderr } = await new Deno.Command("docker", { args, stdin: "null" }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`docker ${args[0]}: ${text(stderr)}`);
  return [performance.now() - since, text(stdout)];
}
