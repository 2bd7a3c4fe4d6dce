import { Failure } from "../failure.ts";
import type { Snapshot, WorkloadStatus } from "../model/snapshot.ts";
import { type Command, CONFIG_FLAG } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { daemonLocation } from "./load_settings.ts";
import { formatStatus } from "./format/format_status.ts";
import { formatWorkload } from "./format/format_workload.ts";

export const status: Command = {
  name: "status",
  usage: "[NAME] [--json | --names]",
  summary: "Show what runs, how it is, and why",
  options: [
    { flag: "NAME", doc: "one workload in full: instances, runs, checks, last lines" },
    { flag: "--json", doc: "what GET /api/v1/status gives, or its part for NAME" },
    { flag: "--names", doc: "the workloads' names alone, one a line" },
    ...CONFIG_FLAG.options,
  ],
  flags: { json: { type: "boolean" }, names: { type: "boolean" }, ...CONFIG_FLAG.flags },
  positionals: { min: 0, max: 1 },
  async run(input) {
    const settings = await daemonLocation(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const snapshot = await daemon.json<Snapshot>("/status", { signal: input.signal });
    if (input.flags.names === true) {
      for (const { name } of snapshot.workloads) input.out(name);
      return EXIT.done;
    }
    const [name] = input.positionals;
    const chosen = name === undefined ? null : workloadOf(snapshot, name);
    if (input.flags.json === true) input.out(JSON.stringify(chosen ?? snapshot, null, 2));
    else input.out(chosen === null ? formatStatus(snapshot, Date.now()) : formatWorkload(chosen, Date.now()));
    return EXIT.done;
  },
};

function workloadOf({ workloads }: Snapshot, name: string): WorkloadStatus {
  const found = workloads.find((workload) => workload.name === name);
  if (found !== undefined) return found;
  const names = workloads.map((workload) => workload.name).join(", ");
  throw new Failure(`there is no workload "${name}" on this device`, {
    kind: "mistake",
    reason: "removed",
    hint: names === "" ? "this device runs no workload yet" : `this device has: ${names}`,
  });
}
