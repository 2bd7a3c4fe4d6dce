import type { PlanPreview } from "../daemon/revision/preview.ts";
import { previewWithoutDaemon } from "../daemon/offline.ts";
import { type Command, CONFIG_FLAG } from "./command.ts";
import { ControlClient, NoDaemon } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { settingsOf } from "./settings_of.ts";
import { showPlan } from "./show_plan.ts";

export const plan: Command = {
  name: "plan",
  usage: "[--json] [--exit-code]",
  summary: "Show what the repository's head would change here; change nothing",
  options: [
    { flag: "--json", doc: "the plan as one object, for programs" },
    { flag: "--exit-code", doc: "exit 10 when there is something to do" },
    ...CONFIG_FLAG.options,
  ],
  flags: { json: { type: "boolean" }, "exit-code": { type: "boolean" }, ...CONFIG_FLAG.flags },
  positionals: { min: 0, max: 0 },
  async run(input) {
    const settings = await settingsOf(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    let preview: PlanPreview;
    try {
      preview = await daemon.json<PlanPreview>("/plan", { signal: input.signal });
    } catch (error) {
      if (!(error instanceof NoDaemon) || error.reason === "permission_denied") throw error;
      preview = await previewWithoutDaemon(settings, input.signal);
    }
    input.out(input.flags.json === true ? JSON.stringify(preview, null, 2) : showPlan(preview));
    if (preview.revision === null) return EXIT.unreachable;
    if (preview.problems.length > 0) return EXIT.problems;
    return input.flags["exit-code"] === true && preview.actions.length > 0 ? EXIT.changes : EXIT.done;
  },
};
