/** What a person wants to know of a workload that fails: its last lines, and a word when it turns unhealthy. */
import { redactSecrets } from "../log.ts";
import { type Instance, observedInstances } from "../model/instance.ts";
import { addEvent, type Device, notifyListeners } from "../daemon/device.ts";

const LINES = 50;

/** Keeps the last output of every workload that failed for good, once for each instance. */
export async function keepFailureLogs(device: Device): Promise<void> {
  const failed = new Map(
    (device.snapshot?.workloads ?? []).filter((workload) => workload.phase === "failed").map((
      workload,
    ) => [workload.name, workload]),
  );
  for (const name of device.lastLines.keys()) if (!failed.has(name)) device.lastLines.delete(name);
  for (const [name, status] of failed) {
    // Until its chain has ended the status tells of that, and not of why it failed.
    if (device.operations.has(name)) continue;
    const instance = instancesOf(device, name).find((one) => one.state === "exited");
    const runtime = instance === undefined ? undefined : device.runtimes.get(instance.runtime);
    if (instance === undefined || runtime === undefined) continue;
    if (device.lastLines.get(name)?.instanceId === instance.id) continue;
    const since = began(device, instance);
    const lines = await Array.fromAsync(runtime.logs(name, { tail: LINES, since, follow: false })).catch(() => []);
    const own = lines.filter((line) => line.slot === instance.slot).map((line) => redactSecrets(line.text)).slice(
      -LINES,
    );
    device.lastLines.set(name, { instanceId: instance.id, lines: own });
    status.last_lines = own;
    addEvent(device, { workload: name, reason: status.reason, message: `${name} has failed: ${status.message}` });
    notifyListeners(device);
  }
}

/** The first of the starts that led to its failure: what the slot wrote before tells nothing of it. */
function began(device: Device, { workload, slot, startedAt }: Instance): number | null {
  if (startedAt === null) return null;
  return Math.min(startedAt, ...device.workloadStates.all.get(workload)?.slots[slot]?.recent ?? []);
}

/** One event for each time that an instance turns from anything to unhealthy, whatever follows from it. */
export function reportUnhealthy(device: Device): void {
  const verdicts = device.prober.statuses();
  for (const instance of observedInstances(device.observations)) {
    const { id, runtimeHealth, checks = [] } = instance;
    // A manifest's probe speaks first, as it does in the plan.
    const verdict = verdicts.get(id)?.health ?? runtimeHealth;
    if (verdict !== "unhealthy") {
      device.reportedUnhealthy.delete(id);
      continue;
    }
    const spec = device.plan.workloads.find((workload) => workload.name === instance.workload)?.spec;
    if (spec?.health?.onFailure === "none" || device.reportedUnhealthy.has(id)) continue;
    device.reportedUnhealthy.add(id);
    const last = (device.prober.results(id).at(-1) ?? checks.at(-1))?.output ?? "no answer";
    const message = `${instance.workload}[${instance.slot}] does not pass its health check: ${last}`;
    addEvent(device, { workload: instance.workload, reason: "unhealthy", message });
  }
}

function instancesOf(device: Device, name: string) {
  return observedInstances(device.observations).filter((instance) => instance.workload === name);
}
