/**
 * How containers ended, as Docker's events told it. Docker itself shows the last end alone, and never who asked for it.
 * Nothing here outlives the daemon: what no event told is not known.
 */
import type { Instance } from "../../model/instance.ts";
import type { SignalName } from "../../model/workload.ts";
import { time } from "./container.ts";
import type { EventLine, InspectedContainer } from "./api_types.ts";

/** Times in ms since 1970. */
interface Run {
  /** Null where its start was not told. */
  startedAt: number | null;
  endedAt: number | null;
  exitCode: number | null;
}

type EndedRun = Run & { endedAt: number };

interface Told {
  /** Oldest first; the last one may be under way. */
  runs: Run[];
  /** Of the last event that is counted in: a stream that was cut tells the last ones again. */
  upTo: number;
  /** When somebody who was not us asked it to end. */
  askedAt: number | null;
  /** We have asked it to end ourselves since its last start. */
  isOurs: boolean;
  byHand: boolean;
}

const KEPT_RUNS = 50;
/** What a signal leads to comes soon. An end much later has another cause. */
const ANSWERED_MS = 30_000;
/** Docker gives its containers 15 seconds to end, and each as long as it was created with. */
const SHUTDOWN_MS = 60_000;
/** How much of the past a new stream tells again, at most. */
const TOLD_AGAIN_MS = 5000;
/** An end is told after Docker has cleaned up behind it, never before it was. */
const TOLD_EARLY_MS = 1000;
/** Signals that mean an end, as Docker numbers them. The others tell a program something. */
const DEADLY = new Map<string, SignalName>([["2", "SIGINT"], ["3", "SIGQUIT"], ["9", "SIGKILL"], ["15", "SIGTERM"]]);

export class ExitHistory {
  readonly #told = new Map<string, Told>();

  record(event: EventLine): void {
    const id = event.Actor?.ID;
    if (id === undefined || event.timeNano === undefined) return;
    const told = this.#of(id);
    const exact = event.timeNano / 1e6;
    // More than that is a clock that was set back.
    if (exact <= told.upTo && told.upTo - exact < TOLD_AGAIN_MS) return;
    told.upTo = exact;
    const at = Math.floor(exact);
    switch (event.Action) {
      case "start":
        told.runs = [...told.runs, { startedAt: at, endedAt: null, exitCode: null }].slice(-KEPT_RUNS);
        told.askedAt = null;
        told.isOurs = false;
        told.byHand = false;
        break;
      case "kill":
        if (!told.isOurs && DEADLY.has(event.Actor?.Attributes?.signal ?? "")) told.askedAt = at;
        break;
      case "stop":
        // We never use Docker's own stop.
        told.byHand = true;
        break;
      case "die": {
        const code = Number(event.Actor?.Attributes?.exitCode ?? NaN);
        const end = { endedAt: at, exitCode: Number.isInteger(code) ? code : null };
        const last = told.runs.at(-1);
        if (last !== undefined && last.endedAt === null) Object.assign(last, end);
        else told.runs = [...told.runs, { startedAt: null, ...end }].slice(-KEPT_RUNS);
        if (told.askedAt !== null && at - told.askedAt < ANSWERED_MS) told.byHand = true;
        break;
      }
    }
  }

  /** To be called before we send a signal. */
  weSend(id: string, signal: SignalName): void {
    if ([...DEADLY.values()].includes(signal)) this.#of(id).isOurs = true;
  }

  /** True for one that has ended because somebody else asked it to. */
  wasByHand(id: string): boolean {
    return this.#told.get(id)?.byHand === true;
  }

  /**
   * The ends that Docker followed by a start, by its own count. What was not told of them is as good as it can be: an
   * unknown exit code, and a run as short as the one before its end allows, but for the first.
   */
  respawns(container: InspectedContainer): NonNullable<Instance["respawns"]> {
    const count = container.RestartCount ?? 0;
    if (count === 0) return [];
    const { Status: status, StartedAt, FinishedAt } = container.State;
    const lastStart = time(StartedAt) ?? 0;
    // Of one that runs, that is the end before its last start; of one that ended, its own, which no start followed.
    const lastEnd = status === "exited" || status === "dead" ? null : time(FinishedAt);
    const known = (this.#told.get(container.Id)?.runs ?? []).filter(hasEnded)
      .filter((run) => status === "restarting" || run.endedAt <= lastStart);
    const isLastTold = known.length > 0 && (lastEnd === null || known.at(-1)!.endedAt >= lastEnd - TOLD_EARLY_MS);
    if (!isLastTold) known.push({ startedAt: null, endedAt: lastEnd ?? lastStart, exitCode: null });
    const told = known.slice(-count);
    const untold = Array<EndedRun>(count - told.length)
      .fill({ startedAt: null, endedAt: told[0]!.startedAt ?? told[0]!.endedAt, exitCode: null });
    let before = time(container.Created) ?? 0;
    return [...untold, ...told].map((run) => {
      const { endedAt, exitCode } = run;
      const startedAt = Math.min(run.startedAt ?? before, endedAt);
      before = endedAt;
      return { startedAt, endedAt, exitCode };
    });
  }

  /** Docker has gone away. It stops its containers before, and tells that as if somebody had asked for it. */
  lost(now: number): void {
    for (const told of this.#told.values()) {
      const { endedAt = null } = told.runs.at(-1) ?? {};
      if (endedAt !== null && now - endedAt < SHUTDOWN_MS) told.byHand = false;
    }
  }

  /** Forgets all others. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#told.keys()) if (!ids.has(id)) this.#told.delete(id);
  }

  #of(id: string): Told {
    const known = this.#told.get(id);
    if (known !== undefined) return known;
    const told = { runs: [], upTo: 0, askedAt: null, isOurs: false, byHand: false };
    this.#told.set(id, told);
    return told;
  }
}

function hasEnded(run: Run): run is EndedRun {
  return run.endedAt !== null;
}
