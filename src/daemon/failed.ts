/** What a person wants to know of a workload that fails: its last lines, and a word when it turns unhealthy. */
import { withoutSecrets } from "../log.ts";
import type { Instance } from "../model/observed.ts";
import { addEvent, type Device, tell } from "./device.ts";

const LINES = 50;

/** Keeps the last output of every workload that failed for good, once for each instance. */
export async function keepLastLines(device: Device): Promise<void> {
  const failed = new Map(
    (device.snapshot?.workloads ?? []).filter((one) => one.phase === "failed").map((one) => [one.name, one]),
  );
  for (const name of device.lastLines.keys()) if (!failed.has(name)) device.lastLines.delete(name);
  for (const [name, status] of failed) {
    // Until its chain has ended the status tells of that, and not of why it failed.
    if (device.busy.has(name)) continue;
    const instance = instancesOf(device, name).find((one) => one.state === "exited");
    const runtime = instance === undefined ? undefined : device.runtimes.get(instance.runtime);
    if (instance === undefined || runtime === undefined) continue;
    if (device.lastLines.get(name)?.instanceId === instance.id) continue;
    const since = began(device, instance);
    const lines = await Array.fromAsync(runtime.logs(name, { tail: LINES, since, follow: false })).catch(() => []);
    const own = lines.filter((line) => line.slot === instance.slot).map((line) => withoutSecrets(line.text)).slice(
      -LINES,
    );
    device.lastLines.set(name, { instanceId: instance.id, lines: own });
    status.last_lines = own;
    addEvent(device, { workload: name, reason: status.reason, message: `${name} has failed: ${status.message}` });
    tell(device);
  }
}

/** The first of the starts that led to its failure: what the slot wrote before tells nothing of it. */
function began(device: Device, { workload, slot, startedAt }: Instance): number | null {
  if (startedAt === null) return null;
  return Math.min(startedAt, ...device.memory.all.get(workload)?.slots[slot]?.recent ?? []);
}

/** One event for each time that an instance turns from anything to unhealthy, whatever follows from it. */
export function alertUnhealthy(device: Device): void {
  const verdicts = device.prober.verdicts();
  for (const instance of device.observations.flatMap((one) => one.ok ? one.instances : [])) {
    const { id, runtimeHealth, checks = [] } = instance;
    // A manifest's probe speaks first, as it does in the plan.
    const verdict = verdicts.get(id)?.verdict ?? runtimeHealth;
    if (verdict !== "unhealthy") {
      device.alerted.delete(id);
      continue;
    }
    const spec = device.plan.workloads.find((one) => one.name === instance.workload)?.spec;
    if (spec?.health?.onFailure === "none" || device.alerted.has(id)) continue;
    device.alerted.add(id);
    const last = (device.prober.results(id).at(-1) ?? checks.at(-1))?.output ?? "no answer";
    const message = `${instance.workload}[${instance.slot}] does not pass its health check: ${last}`;
    addEvent(device, { workload: instance.workload, reason: "unhealthy", message });
  }
}

function instancesOf(device: Device, name: string) {
  return device.observations.flatMap((one) => one.ok ? one.instances : []).filter((one) => one.workload === name);
}
