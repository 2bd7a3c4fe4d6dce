/** Carries out checks: all at once, each with an end, and none in the way of another. */
import { asFailure } from "../failure.ts";
import type { Check, DoctorContext, Group } from "./check.ts";
import { type Finding, skipped, warning } from "./finding.ts";

export interface CheckResult {
  group: Group;
  check: string;
  findings: Finding[];
}

/** A look may take this long: a server that answers later than that is as good as none to whoever waits here. */
const TIMEOUT_MS = 10_000;

export interface RunChecksOptions {
  signal: AbortSignal;
  timeoutMs?: number;
}

/** In the order of `checks`, but for a problem that comes first. Rejects with the reason of `signal` alone. */
export async function runChecks(
  checks: readonly Check<unknown, "settings" | "snapshot">[],
  context: DoctorContext,
  { signal, timeoutMs = TIMEOUT_MS }: RunChecksOptions,
): Promise<CheckResult[]> {
  const examined = await Promise.all(checks.map(async (check) => {
    const findings = await findingsOf(check, context, { signal, timeoutMs });
    const isFirst = check.isFirst === true && findings.some(({ verdict }) => verdict === "problem");
    return { isFirst, examined: { group: check.group, check: check.name, findings } };
  }));
  signal.throwIfAborted();
  return examined.toSorted((a, b) => Number(b.isFirst) - Number(a.isFirst)).map((one) => one.examined);
}

async function findingsOf(
  check: Check<unknown, "settings" | "snapshot">,
  context: DoctorContext,
  { signal, timeoutMs }: Required<RunChecksOptions>,
): Promise<Finding[]> {
  const unknown = (check.needs ?? []).find((need) => context[need] === null);
  if (unknown !== undefined) return [notKnown(unknown, context)];
  const { settings, snapshot } = context;
  const again = "look at it again with: harbornode doctor";
  const tooLate = check.whenLate ?? warning(`no answer within ${timeoutMs / 1000} s`, again);
  const late = new AbortController();
  const end = Promise.withResolvers<"late">();
  const timer = setTimeout(() => {
    late.abort(new DOMException("the check took too long", "TimeoutError"));
    end.resolve("late");
  }, timeoutMs);
  const stop = () => end.resolve("late");
  signal.addEventListener("abort", stop, { once: true });
  try {
    const over = AbortSignal.any([signal, late.signal]);
    // Some looks cannot be ended, like one at a disk that hangs: nobody waits for them any longer.
    const look = check.gather({ ...context, settings: settings!, snapshot: snapshot! }, over)
      .then((facts) => check.evaluate(facts));
    return await Promise.race([look, end.promise.then(() => [tooLate])]);
  } catch (error) {
    if (late.signal.aborted) return [tooLate];
    const { message, hint } = asFailure(error);
    return [warning(`could not be looked at: ${message}`, hint ?? "please report this, with what was printed here")];
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function notKnown(what: "settings" | "snapshot", { settings, silence }: DoctorContext): Finding {
  if (what === "settings" || settings === null) return skipped("needs the settings", null);
  return silence?.denied
    ? skipped("needs the daemon's word", "sudo harbornode doctor")
    : skipped("needs the daemon's word", null);
}
