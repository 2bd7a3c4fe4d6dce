import { CHECKS } from "../doctor/checks.ts";
import { examine } from "../doctor/examine.ts";
import { withoutSecrets } from "../log.ts";
import { type Command, CONFIG_FLAG } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { doctorObject, showDoctor } from "./show/doctor.ts";
import { situationOf } from "./situation.ts";

export const doctor: Command = {
  name: "doctor",
  usage: "[--json]",
  summary: "Check this machine and what it needs; exit code 1 for a problem",
  options: [{ flag: "--json", doc: "as one object, for programs" }, ...CONFIG_FLAG.options],
  flags: { json: { type: "boolean" }, ...CONFIG_FLAG.flags },
  positionals: { min: 0, max: 0 },
  async run(input) {
    const examined = await examine(CHECKS, await situationOf(input), { signal: input.signal });
    const shown = input.flags.json === true ? JSON.stringify(doctorObject(examined), null, 2) : showDoctor(examined);
    input.out(withoutSecrets(shown));
    const isWell = examined.every(({ findings }) => findings.every(({ verdict }) => verdict !== "problem"));
    return isWell ? EXIT.done : EXIT.failed;
  },
};
