import { type Command, CONFIG_FLAG } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { daemonLocation } from "./load_settings.ts";

export const restart: Command = {
  name: "restart",
  usage: "NAME",
  summary: "Stop the instances of a workload and start them again",
  options: CONFIG_FLAG.options.slice(),
  flags: CONFIG_FLAG.flags,
  positionals: { min: 1, max: 1 },
  async run(input) {
    const settings = await daemonLocation(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const name = input.positionals[0]!;
    const path = `/workloads/${encodeURIComponent(name)}/restart`;
    await daemon.json(path, { method: "POST", signal: input.signal });
    input.out(`${name} is being restarted`);
    return EXIT.done;
  },
};
