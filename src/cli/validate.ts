import { hostname } from "node:os";
import { loadTexts } from "../daemon/revision/read.ts";
import { portConflicts } from "../manifest/port_conflicts.ts";
import { readManifests } from "../manifest/read.ts";
import { readDirectory } from "../source/directory.ts";
import { type Command, type CommandInput, UsageError } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { showProblems } from "./show_problem.ts";

export const validate: Command = {
  name: "validate",
  usage: "DIR [--device NAME] [--label KEY=VALUE]...",
  summary: "Check the manifests of a checkout; needs no device",
  options: [
    { flag: "--device NAME", doc: "as the device of this name (default: this machine's name)" },
    { flag: "--label KEY=VALUE", doc: "a label of the device; separate several with commas" },
  ],
  flags: { device: { type: "string" }, label: { type: "string" } },
  positionals: { min: 1, max: 1 },
  async run({ positionals, flags, out, note }) {
    const dir = positionals[0]!;
    const info = await Deno.stat(dir).catch(() => null);
    if (!info?.isDirectory) throw new UsageError(`"${dir}" is not a folder`);
    const tree = await loadTexts(await readDirectory(dir));
    const device = typeof flags.device === "string" ? flags.device : hostname();
    const desired = readManifests(tree, { revision: "checkout", device, labels: labels(flags.label) });
    const problems = [...desired.invalid.flatMap((invalid) => invalid.problems), ...portConflicts(desired, tree)];
    for (const { name, kind, job, replicas } of desired.workloads) {
      const ways = desired.choices?.get(name)?.specs.map((one) => one.runtime) ?? [];
      const choice = ways.length < 2 ? "" : `, ${ways.join(" or ")}`;
      out(`${name}: ${job === null ? kind : "job"}${choice}${replicas === 1 ? "" : `, ${replicas} instances`}`);
    }
    for (const name of desired.notSelected) out(`${name}: not for this device`);
    if (problems.length > 0) {
      note(showProblems(problems));
      return EXIT.problems;
    }
    const count = desired.workloads.length;
    if (count + desired.notSelected.length === 0) {
      note(`error: ${dir}: there is no manifest in services/ or deployments/\n  hint: add services/NAME.toml`);
      return EXIT.problems;
    }
    note(`${count} ${count === 1 ? "workload" : "workloads"} for device "${device}", no problem`);
    return EXIT.done;
  },
};

function labels(flag: CommandInput["flags"][string]): Record<string, string> {
  if (typeof flag !== "string") return {};
  return Object.fromEntries(
    flag.split(",").map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`--label is "${pair}", wanted KEY=VALUE`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
