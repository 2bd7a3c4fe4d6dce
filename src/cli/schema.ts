import { manifestSchema } from "../manifest/json_schema.ts";
import { type Command, UsageError } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { formatReference } from "./format/format_reference.ts";

export const schema: Command = {
  name: "schema",
  usage: "service|deployment|reference",
  summary: "Print the JSON Schema of a manifest, or a reference of fields",
  options: [],
  flags: {},
  positionals: { min: 1, max: 1 },
  run({ positionals, out }) {
    const what = positionals[0];
    if (what === "service" || what === "deployment") out(JSON.stringify(manifestSchema(what), null, 2));
    else if (what === "reference") out(formatReference());
    else throw new UsageError(`there is no schema "${what}": name service, deployment or reference`);
    return Promise.resolve(EXIT.done);
  },
};
