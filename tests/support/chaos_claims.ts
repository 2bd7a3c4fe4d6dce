/** What must be so once nothing is killed or pushed any more; each failure a sentence. */
import assert from "node:assert/strict";
import type { Snapshot, WorkloadStatus } from "../../src/model/snapshot.ts";
import type { ChaosDaemon } from "./chaos_daemon.ts";
import { type ChaosService, type Fleet, KINDS } from "./chaos_fleet.ts";
import { type Entry, lastLives, readJournal, slotOf } from "./chaos_journal.ts";
import { processesBelow } from "./chaos_processes.ts";

/** Throws an AssertionError while the device is not as the fleet says: by the kernel, the journal and the status. */
export async function assertConverged(
  daemon: ChaosDaemon,
  { fleet, root, commit }: { fleet: Fleet; root: string; commit: string },
): Promise<void> {
  const snapshot = await daemon.status();
  assert.ok(snapshot !== null, "the daemon does not answer");
  assert.equal(snapshot.source.applied, commit, `applied is another revision: ${unsettled(snapshot)}`);
  const services = [...fleet.services.values()];
  assert.deepEqual(
    snapshot.workloads.map((workload) => workload.name).sort(),
    services.map((service) => service.name).sort(),
  );
  const lives = lastLives(await readJournal(root));
  for (const chaosService of services) assertAsPushed(chaosService, { snapshot, lives });
  await assertNoOthers(root, { services, lives });
}

function assertAsPushed(
  service: ChaosService,
  { snapshot, lives }: { snapshot: Snapshot; lives: ReadonlyMap<string, Entry> },
): void {
  const { name, kind, version, replicas } = service;
  const status = snapshot.workloads.find((workload) => workload.name === name)!;
  assert.equal(status.sync, "synced", shown(status));
  assert.equal(status.phase, KINDS[kind], shown(status));
  assert.equal(status.instances.length, replicas, shown(status));
  for (const instance of status.instances) {
    const life = lives.get(slotOf({ workload: name, slot: instance.slot }));
    assert.equal(life?.version, version, `${name}[${instance.slot}] runs version ${life?.version}`);
    // What it wrote down before it ended is what the daemon must know, whoever was alive at that moment.
    assert.equal(instance.exit_code, life?.exitCode, `${name}[${instance.slot}]: its exit code is lost`);
  }
}

/** No process of the test belongs to another instance than those that run now, and each of those is there. */
async function assertNoOthers(
  root: string,
  { services, lives }: { services: readonly ChaosService[]; lives: ReadonlyMap<string, Entry> },
): Promise<void> {
  const wanted = services.filter(({ kind }) => KINDS[kind] === "running").flatMap(({ name, replicas }) =>
    Array.from({ length: replicas }, (_, slot) => lives.get(slotOf({ workload: name, slot }))?.id ?? "none")
  );
  const alive = (await processesBelow(root)).map((serviceProcess) => serviceProcess.id);
  assert.deepEqual([...new Set(alive)].sort(), wanted.sort(), "other instances are alive than were pushed");
}

function unsettled(snapshot: Snapshot): string {
  const { source, workloads } = snapshot;
  const all = workloads.filter((workload) => workload.sync !== "synced").map(shown);
  return [`attempted ${source.attempted}`, source.error?.message ?? "no error", ...all].join("; ");
}

function shown({ name, sync, phase, message }: WorkloadStatus): string {
  return `${name} is ${sync}, ${phase}: ${message}`;
}

/** Of a status at any moment: whoever ended has an exit code. */
export function assertExitCodes(snapshot: Snapshot): void {
  for (const { name, instances } of snapshot.workloads) {
    for (const { slot, phase, exit_code } of instances) {
      if (phase !== "failed" && phase !== "completed" && phase !== "backoff") continue;
      assert.notEqual(exit_code, null, `${name}[${slot}] is ${phase}, and its exit code is lost`);
    }
  }
}
