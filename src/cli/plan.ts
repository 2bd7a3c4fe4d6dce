import type { PlanPreview } from "../operations/plan_preview.ts";
import { offlinePlan } from "../daemon/offline_plan.ts";
import { planForEmptyDevice } from "../operations/checkout_plan.ts";
import { type Command, type CommandInput, CONFIG_FLAG, UsageError } from "./command.ts";
import { ControlClient, NoDaemon } from "./control_client.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { loadSettingsOrFail } from "./load_settings.ts";
import { formatPlan } from "./format/format_plan.ts";
import { openCheckoutOrFail, targetOf } from "./validate.ts";

export const plan: Command = {
  name: "plan",
  usage: "[--json] [--exit-code] | --device NAME [DIR]",
  summary: "Show what the repository's head would change here; change nothing",
  options: [
    { flag: "--device NAME", doc: "of the checkout in DIR, for this device with nothing on it yet" },
    { flag: "--label KEY=VALUE", doc: "a label of that device; separate several with commas" },
    { flag: "--json", doc: "the plan as one object, for programs" },
    { flag: "--exit-code", doc: "exit 10 when there is something to do" },
    ...CONFIG_FLAG.options,
  ],
  flags: {
    device: { type: "string" },
    label: { type: "string" },
    json: { type: "boolean" },
    "exit-code": { type: "boolean" },
    ...CONFIG_FLAG.flags,
  },
  positionals: { min: 0, max: 1 },
  async run(input) {
    const { flags, positionals } = input;
    if (flags.device !== undefined) {
      const checkout = await openCheckoutOrFail(positionals[0] ?? ".");
      return shown(await planForEmptyDevice(checkout, targetOf(checkout, flags)), input);
    }
    if (positionals[0] !== undefined) throw new UsageError("the plan of a folder needs --device NAME");
    const settings = await loadSettingsOrFail(input);
    if (settings === null) return EXIT.problems;
    using daemon = new ControlClient(settings);
    let preview: PlanPreview;
    try {
      preview = await daemon.json<PlanPreview>("/plan", { signal: input.signal });
    } catch (error) {
      if (!(error instanceof NoDaemon) || error.reason === "permission_denied") throw error;
      preview = await offlinePlan(settings, input.signal);
    }
    return shown(preview, input);
  },
};

function shown(preview: PlanPreview, { out, flags }: CommandInput): ExitCode {
  out(flags.json === true ? JSON.stringify(preview, null, 2) : formatPlan(preview));
  if (preview.revision === null) return EXIT.unreachable;
  if (preview.problems.length > 0) return EXIT.problems;
  return flags["exit-code"] === true && preview.actions.length > 0 ? EXIT.changes : EXIT.done;
}
