import { Failure } from "../failure.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { type Command, CONFIG_FLAG } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { daemonLocation } from "./load_settings.ts";
import { formatHistory } from "./format/format_history.ts";

export const history: Command = {
  name: "history",
  usage: "NAME [--json]",
  summary: "Show the rollouts of a workload, and what became of them",
  options: [{ flag: "--json", doc: "as one array, for programs" }, ...CONFIG_FLAG.options],
  flags: { json: { type: "boolean" }, ...CONFIG_FLAG.flags },
  positionals: { min: 1, max: 1 },
  async run(input) {
    const settings = await daemonLocation(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const name = input.positionals[0]!;
    const { workloads } = await daemon.json<Snapshot>("/status", { signal: input.signal });
    const workload = workloads.find((workloadStatus) => workloadStatus.name === name);
    if (workload === undefined) {
      throw new Failure(`there is no workload "${name}" on this device`, {
        kind: "mistake",
        reason: "removed",
        hint: `this device has: ${workloads.map((workloadStatus) => workloadStatus.name).join(", ") || "none"}`,
      });
    }
    input.out(
      input.flags.json === true ? JSON.stringify(workload.history, null, 2) : formatHistory(workload, Date.now()),
    );
    return EXIT.done;
  },
};
