import { type Command, CONFIG_FLAG, UsageError } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { daemonLocation } from "./load_settings.ts";

export const notify: Command = {
  name: "notify",
  usage: "test",
  summary: "Send a test message to everybody in [[notify]]",
  options: CONFIG_FLAG.options.slice(),
  flags: CONFIG_FLAG.flags,
  positionals: { min: 1, max: 1 },
  async run(input) {
    if (input.positionals[0] !== "test") throw new UsageError('notify can do one thing: "notify test"');
    const settings = await daemonLocation(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    const { targets } = await daemon.json<{ targets: { name: string; error: string | null }[] }>("/notify/test", {
      method: "POST",
      signal: input.signal,
    });
    if (targets.length === 0) input.out("nobody is told: config.toml has no [[notify]]");
    for (const { name, error } of targets) input.out(`${name}: ${error === null ? "told" : error}`);
    return targets.every((target) => target.error === null) ? EXIT.done : EXIT.failed;
  },
};
