import { CHECKS } from "../doctor/checks.ts";
import { runChecks } from "../doctor/run_checks.ts";
import { redactSecrets } from "../log.ts";
import { type Command, CONFIG_FLAG } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { doctorObject, formatDoctor } from "./format/format_doctor.ts";
import { doctorContext } from "./doctor_context.ts";

export const doctor: Command = {
  name: "doctor",
  usage: "[--json]",
  summary: "Check this machine and what it needs; exit code 1 for a problem",
  options: [{ flag: "--json", doc: "as one object, for programs" }, ...CONFIG_FLAG.options],
  flags: { json: { type: "boolean" }, ...CONFIG_FLAG.flags },
  positionals: { min: 0, max: 0 },
  async run(input) {
    const examined = await runChecks(CHECKS, await doctorContext(input), { signal: input.signal });
    const shown = input.flags.json === true ? JSON.stringify(doctorObject(examined), null, 2) : formatDoctor(examined);
    input.out(redactSecrets(shown));
    const isWell = examined.every(({ findings }) => findings.every(({ verdict }) => verdict !== "problem"));
    return isWell ? EXIT.done : EXIT.failed;
  },
};
