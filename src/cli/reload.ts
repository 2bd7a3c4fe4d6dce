import type { ReloadAnswer, ReloadEnd } from "../http/control_app.ts";
import { Failure } from "../failure.ts";
import { type Command, type CommandInput, CONFIG_FLAG } from "./command.ts";
import { ControlClient, NoDaemon } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { daemonLocation } from "./load_settings.ts";
import { formatProblems } from "./format/format_problem.ts";

/** The daemon is away for a moment between the settings before and the new ones. */
const LOOK_MS = 100;
/** As long as a start may take. */
const LOOKS = 1200;

export const reload: Command = {
  name: "reload",
  usage: "",
  summary: "Let the daemon read config.toml again; no workload notices",
  options: CONFIG_FLAG.options.slice(),
  flags: CONFIG_FLAG.flags,
  positionals: { min: 0, max: 0 },
  async run(input) {
    const reach = await daemonLocation(input);
    if (reach === null) return EXIT.problems;
    using daemon = new ControlClient(reach);
    const asked = daemon.json<ReloadAnswer>("/reload", { method: "POST", signal: input.signal });
    const answer = await asked.catch(explainMove);
    if (answer.type === "problems") {
      input.note(`${formatProblems(answer.problems)}; the settings before stay in force`);
      return EXIT.problems;
    }
    if (answer.type === "unchanged") {
      input.out("nothing has changed");
      return EXIT.done;
    }
    const end = await endOf(daemon, answer.number, input);
    if (end.type === "done") {
      input.out(`changed: ${answer.changed.join(", ")}`);
      return EXIT.done;
    }
    input.note(`error: ${end.message}; the settings before stay in force`);
    if (end.hint !== null) input.note(`  hint: ${end.hint}`);
    return EXIT.problems;
  },
};

/** Where the daemon is, the settings themselves say: of another data_dir nobody is there to tell that it cannot change. */
function explainMove(error: unknown): never {
  if (!(error instanceof NoDaemon) || error.reason === "permission_denied") throw error;
  throw new NoDaemon(error.message, {
    kind: "refused",
    reason: "internal_error",
    hint: 'start it with "systemctl start harbornode"; one that runs keeps its data_dir until it is stopped',
  });
}

async function endOf(daemon: ControlClient, number: number, { signal }: CommandInput): Promise<ReloadEnd> {
  for (let look = 0; look < LOOKS; look++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    try {
      const { end } = await daemon.json<{ end: ReloadEnd | null }>(`/reload/${number}`, { signal });
      if (end !== null) return end;
    } catch (error) {
      if (!(error instanceof NoDaemon)) throw error;
    }
  }
  throw new Failure("the daemon is not back with the new settings", {
    kind: "transient",
    reason: "internal_error",
    hint: "its log says why: journalctl -u harbornode",
  });
}
