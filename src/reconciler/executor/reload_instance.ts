/** New files for a workload that goes on running: put in their place, then told. */
import { redactSecrets } from "../../log.ts";
import { portNumber, substitutePorts, withAssignedPorts } from "../../model/port.ts";
import type { Workload } from "../../model/workload.ts";
import type { Action } from "../pipeline/action.ts";
import { placeFiles } from "../../store/workload_files.ts";
import { Failure } from "../../failure.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { WorkloadStateStore } from "../../store/workload_state_store.ts";

const COMMAND_MS = 60_000;

/** Throws `Failure` when it could not be told. */
export async function reloadInstance(
  { spec, instance }: Action & { type: "reload" },
  { runtime, filesDir, stopped }: { runtime: Runtime; filesDir: string; stopped: AbortSignal },
): Promise<void> {
  await placeFiles(filesDir, spec);
  const how = spec.onChange;
  if (how.type === "signal") await runtime.signal(instance, how.signal);
  if (how.type === "command") {
    const ports = withAssignedPorts(spec.ports, instance.ports.map(portNumber));
    const command = how.command.map((word) => substitutePorts(word, ports));
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(COMMAND_MS)]);
    const { exitCode, output } = await runtime.execute(instance, spec, command, signal);
    if (exitCode !== 0) {
      const message = output === "" ? "" : `: ${redactSecrets(output).slice(0, 200)}`;
      throw new Failure(`its reload command ended with exit code ${exitCode}${message}`, {
        kind: "mistake",
        reason: "reload_failed",
        hint: "it still runs with what it read before",
      });
    }
  }
}

/** From now on the files count as applied: to be called when all instances were told of them. */
export async function recordReload(states: WorkloadStateStore, spec: Workload): Promise<void> {
  const before = states.get(spec.name);
  if (before.applied === null) return;
  const workload = { ...before.applied.workload, files: spec.files };
  await states.save({ ...before, applied: { ...before.applied, workload } });
}
