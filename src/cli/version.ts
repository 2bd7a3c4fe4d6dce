import { EXIT } from "./exit_code.ts";
import type { Command } from "./command.ts";
import { COMMIT, VERSION } from "../version.ts";

export const version: Command = {
  name: "version",
  usage: "",
  summary: "Print version, commit and architecture",
  options: [],
  flags: {},
  positionals: { min: 0, max: 0 },
  run({ out }) {
    out(`harbornode ${VERSION} (${COMMIT}) ${Deno.build.target}, deno ${Deno.version.deno}`);
    return Promise.resolve(EXIT.done);
  },
};
