/** Has the executable that was just put in place started, and says what became of it. */
import { systemClock } from "../clock.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Settings } from "../settings/settings.ts";
import { swap } from "../upgrade/swap_executable.ts";
import type { Trial, UpgradePaths } from "../upgrade/upgrade_trial.ts";
import { watchTrial } from "../upgrade/watch_trial.ts";
import type { CommandInput } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { restartUnit, UNIT, unitLog, unitState } from "./unit_state.ts";

export interface SwapAndStart {
  settings: Settings;
  places: UpgradePaths;
  /** What lies at `places.next`, checked. */
  tried: Trial;
}

export async function restartAfterSwap(
  input: CommandInput,
  { settings, places, tried }: SwapAndStart,
): Promise<ExitCode> {
  const { note, out } = input;
  // Before the swap, after which the executable of what runs has another name.
  const unit = await unitState(places.executable);
  const before = await instancesOf(settings);
  await swap(places, tried);
  note(`  ${places.executable} is ${tried.version} now; ${tried.from} is ${places.previous}`);
  if (unit.state === "none") {
    out(`harbornode ${tried.version} is in place, and counts from the daemon's next start on`);
    note(`  hint: restart whatever runs "${places.executable} run" on this machine`);
    return EXIT.done;
  }
  if (!unit.isGuarded) {
    note(
      `  the unit ${UNIT} does not go back by itself when ${tried.version} does not work: install.sh brings one that does`,
    );
  }
  const since = Date.now();
  if (!await restartUnit()) {
    note(`error: systemd does not restart ${UNIT}\n  hint: say: systemctl restart ${UNIT}`);
    return EXIT.failed;
  }
  note(`  ${UNIT} is started again; waiting until it has settled`);
  return await tellEnd(input, { settings, places, tried, before, since });
}

interface Started extends SwapAndStart {
  before: Map<string, string>;
  since: number;
}

async function tellEnd(input: CommandInput, { settings, places, tried, before, since }: Started): Promise<ExitCode> {
  const { note, out, signal } = input;
  const watched = await watchTrial(places, { tried, clock: systemClock, signal });
  const lines = watched.end === "settled" ? [] : await unitLog(since);
  for (const line of lines) note(`  | ${line}`);
  switch (watched.end) {
    case "settled":
      out(`harbornode ${tried.version} runs, and ${kept(before, await instancesOf(settings))}`);
      return EXIT.done;
    case "back":
      note(
        `error: harbornode ${tried.version} did not work here: ${watched.refused.why}, and ${tried.from} is back` +
          `\n  hint: "harbornode upgrade --version ${tried.version}" tries it again`,
      );
      return EXIT.failed;
    case "open":
      note(`error: harbornode ${tried.version} has not settled yet\n  hint: say: systemctl status ${UNIT}`);
      return EXIT.failed;
  }
}

function kept(before: Map<string, string>, after: Map<string, string>): string {
  const same = [...before].filter(([key, process]) => after.get(key) === process).length;
  const instances = before.size === 1 ? "instance" : "instances";
  return before.size === 0 ? "no workload ran before" : `${same} of ${before.size} ${instances} ran on untouched`;
}

/** By workload and slot, what tells a process or a container from its successor. Empty where no daemon answers. */
async function instancesOf(settings: Settings): Promise<Map<string, string>> {
  using daemon = new ControlClient(settings);
  const snapshot = await daemon.json<Snapshot>("/status", { signal: AbortSignal.timeout(10_000) }).catch(() => null);
  const all = (snapshot?.workloads ?? []).flatMap(({ name, instances }) =>
    instances.filter((instance) => instance.pid !== null)
      .map((
        instance,
      ): [string, string] => [
        `${name}[${instance.slot}]`,
        `${instance.container_id ?? instance.pid} ${instance.started_at}`,
      ])
  );
  return new Map(all);
}
