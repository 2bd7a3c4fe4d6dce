import { parseLocation } from "../../source/repository_location.ts";
import { EARLIEST_MS, minuteText } from "../../model/iso_timestamp.ts";
import type { Check } from "../check.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import { runTool } from "../inspect_host.ts";
import { httpClient } from "../repository/ca_bundle.ts";

export interface ClockFacts {
  now: number;
  /** Whether something keeps it right; null where that is not told. */
  isSynchronised: boolean | null;
  /** How far it is ahead of the repository's server, in milliseconds; null where there is none that tells. */
  aheadMs: number | null;
}

export const clock: Check<ClockFacts> = {
  group: "machine",
  name: "clock",
  async gather(situation, signal) {
    const [isSynchronised, aheadMs] = await Promise.all([synchronised(signal), ahead(situation, signal)]);
    return { now: situation.clock.now(), isSynchronised, aheadMs };
  },
  evaluate({ now, isSynchronised, aheadMs }) {
    const set = "sudo timedatectl set-ntp true";
    if (now < EARLIEST_MS) return [problem(`it says ${minuteText(now)}, which is before HarborNode was built`, set)];
    const found: Finding[] = [];
    if (aheadMs !== null && Math.abs(aheadMs) >= OFF_MS) {
      const message = `it is ${spanText(aheadMs)} ${aheadMs > 0 ? "ahead of" : "behind"} the repository's server`;
      found.push(Math.abs(aheadMs) >= WRONG_MS ? problem(message, set) : warning(message, set));
    } else if (isSynchronised === false) {
      found.push(warning("no time server keeps it right, and it will drift", set));
    }
    if (found.length > 0) return found;
    const told = aheadMs === null ? "" : ", and as the repository's server has it";
    return [ok(`${minuteText(now)}${isSynchronised === null ? told : `, synchronised${told}`}`)];
  },
};

/** Servers round to seconds, and an answer takes its time. */
const OFF_MS = 30_000;
/** What signatures, tokens and webhooks are refused for. */
const WRONG_MS = 5 * 60_000;

/** systemd-timesyncd leaves a file; of all others the kernel knows, which timedatectl tells. */
async function synchronised(signal: AbortSignal): Promise<boolean | null> {
  const file = "/run/systemd/timesync/synchronized";
  if (await Deno.stat(file).then(() => true, () => false)) return true;
  const told = await runTool("timedatectl", ["show", "--property=NTPSynchronized", "--value"], signal);
  return told?.code === 0 && /^(yes|no)$/.test(told.out) ? told.out === "yes" : null;
}

/** From the Date header of any answer at all (RFC 9110, 6.6.1): no credentials are needed for one. */
async function ahead(situation: Parameters<typeof clock.gather>[0], signal: AbortSignal): Promise<number | null> {
  const { settings, env, clock } = situation;
  if (settings === null) return null;
  try {
    const location = parseLocation(settings.repo.url);
    if (location.type !== "http") return null;
    using client = await httpClient(settings.repo, env);
    const begun = clock.now();
    const answer = await fetch(new URL("/", location.url), { method: "HEAD", redirect: "manual", client, signal });
    await answer.body?.cancel();
    const told = Date.parse(answer.headers.get("date") ?? "");
    // In the middle of the exchange, and of the second that was cut off.
    return Number.isNaN(told) ? null : (begun + clock.now()) / 2 - (told + 500);
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

function spanText(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
