/** Runs the probes of instances, each on its own timer, and keeps their last results. */
import type { Clock } from "../clock.ts";
import { redactSecrets } from "../log.ts";
import { portNumber, probedPort, substitutePorts, withAssignedPorts } from "../model/port.ts";
import type { Instance, ProbeResult } from "../model/instance.ts";
import { startGraceMs } from "../model/start_grace.ts";
import type { Probe, RuntimeName, Workload } from "../model/workload.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { ProbeOutcome } from "./probe_result.ts";
import { probeHttp } from "./http_probe.ts";
import { probeTcp } from "./tcp_probe.ts";
import {
  addResult,
  INITIAL_TALLY,
  judgeImage,
  nextProbeMs,
  type ProbeStatus,
  type ProbeTally,
} from "./probe_status.ts";

/** As many as Docker keeps. */
const KEPT_RESULTS = 5;
const OUTPUT_CHARS = 400;
/** The longest that setTimeout waits. */
const MOST_SLEEP_MS = 2 ** 31 - 1;

export interface ProbeTarget {
  instance: Instance;
  /** With a `health`. One of type "image" is judged by what Docker says of the instance. */
  workload: Workload;
}

export interface ProberOptions {
  runtimes: ReadonlyMap<RuntimeName, Runtime>;
  clock: Clock;
  /** Called when a verdict changes, and only then. */
  changed: () => void;
}

interface Watched {
  target: ProbeTarget;
  tally: ProbeTally;
  results: ProbeResult[];
  done: number;
  /** When it came to its verdict. */
  since: number;
  /** Age of the instance in ms. Measured by the monotonic clock, so that a clock that is set shortens no start. */
  ageMs(): number;
  stop: AbortController;
}

export class Prober {
  readonly #options: ProberOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** The instances to probe from now on. Those that stay keep their verdict; a changed probe takes effect at its next turn. */
  set(targets: readonly ProbeTarget[]): void {
    const wanted = new Map(targets.map((target) => [target.instance.id, target]));
    for (const [id, watched] of this.#watched) {
      if (wanted.has(id)) continue;
      watched.stop.abort(new Error("not probed any more"));
      this.#watched.delete(id);
    }
    for (const [id, target] of wanted) {
      const known = this.#watched.get(id);
      // A container that was started again keeps its id: what it was says nothing of what it is.
      if (known !== undefined && known.target.instance.startedAt === target.instance.startedAt) {
        const isSameKind = isOfImage(known.target) === isOfImage(target);
        known.target = target;
        if (isSameKind && isOfImage(target)) this.#judgeImage(known);
        if (isSameKind) continue;
      }
      known?.stop.abort(new Error("started again"));
      this.#begin(id, target);
    }
  }

  #begin(id: string, target: ProbeTarget): void {
    const ageMs = this.#ageOf(target.instance);
    const watched = {
      target,
      tally: INITIAL_TALLY,
      results: [],
      done: 0,
      since: 0,
      ageMs,
      stop: new AbortController(),
    };
    this.#watched.set(id, watched);
    const running = isOfImage(target) ? this.#followImage(watched) : this.#run(watched);
    running.catch(() => {});
  }

  /** From the instance's own start, so that a new daemon neither shortens nor repeats its start grace. */
  #ageOf({ startedAt }: Instance): () => number {
    const { clock } = this.#options;
    const seenAt = clock.monotonic();
    // After a clock was set back, the age is counted from now.
    const ageWhenSeen = Math.max(0, clock.now() - (startedAt ?? clock.now()));
    return () => ageWhenSeen + clock.monotonic() - seenAt;
  }

  health(id: string): ProbeStatus {
    return this.#watched.get(id)?.tally.status ?? "unknown";
  }

  /** Of every instance that is probed, by its id; `since` is in ms since 1970. */
  statuses(): Map<string, { health: ProbeStatus; since: number; hasBeenHealthy: boolean }> {
    const one = ({ tally: { status, hasBeenHealthy }, since }: Watched) => ({ health: status, since, hasBeenHealthy });
    return new Map([...this.#watched].map(([id, watched]) => [id, one(watched)]));
  }

  /** Newest last. */
  results(id: string): ProbeResult[] {
    return [...this.#watched.get(id)?.results ?? []];
  }

  close(): void {
    this.set([]);
  }

  async #run(watched: Watched): Promise<void> {
    const { clock } = this.#options;
    const { signal } = watched.stop;
    while (!signal.aborted) {
      const probe = watched.target.workload.health;
      if (probe === null || probe.type === "image") return;
      const began = clock.monotonic();
      const ageMs = watched.ageMs();
      const retry = await this.#attempt(watched.target, probe, signal);
      if (signal.aborted) return;
      const now = clock.now();
      const durationMs = Math.round(clock.monotonic() - began);
      // It is shown to everybody, and kept: what a command prints of the secrets that it sees is not.
      const output = redactSecrets(retry.output.trimEnd()).slice(0, OUTPUT_CHARS);
      const result = { at: now, ok: retry.ok, durationMs, output };
      watched.results = [...watched.results, result].slice(-KEPT_RESULTS);
      watched.done++;
      this.#settle(watched, addResult(watched.tally, { ok: retry.ok, ageMs }, probe));
      await clock.sleep(nextProbeMs(watched.tally, { done: watched.done - 1, ageMs: watched.ageMs() }, probe), signal);
    }
  }

  /** Docker runs the check of an image, and each observation brings what it found: only the start grace ends by itself. */
  async #followImage(watched: Watched): Promise<void> {
    this.#judgeImage(watched);
    const { health } = watched.target.workload;
    if (health === null) return;
    const left = startGraceMs(health) - watched.ageMs();
    if (left > 0) await this.#options.clock.sleep(Math.min(left, MOST_SLEEP_MS), watched.stop.signal);
    this.#judgeImage(watched);
  }

  #judgeImage(watched: Watched): void {
    const { instance, workload: { health } } = watched.target;
    if (health === null) return;
    const found = { health: instance.runtimeHealth, ageMs: watched.ageMs() };
    this.#settle(watched, judgeImage(watched.tally, found, health));
  }

  #settle(watched: Watched, tally: ProbeTally): void {
    const before = watched.tally.status;
    watched.tally = tally;
    if (tally.status === before) return;
    watched.since = this.#options.clock.now();
    this.#options.changed();
  }

  /** References to ports mean those that this very instance has. */
  async #attempt(
    { instance, workload }: ProbeTarget,
    probe: Exclude<Probe, { type: "image" }>,
    stopped: AbortSignal,
  ): Promise<ProbeOutcome> {
    const runtime = this.#options.runtimes.get(instance.runtime);
    if (runtime === undefined) return { ok: false, output: `no runtime ${instance.runtime}` };
    const timer = new AbortController();
    const timeout = setTimeout(() => timer.abort(new Error("no answer in time")), probe.timeoutMs);
    const signal = AbortSignal.any([stopped, timer.signal]);
    try {
      if (probe.type === "command") {
        const ports = withAssignedPorts(workload.ports, instance.ports.map(portNumber));
        const command = probe.command.map((word) => substitutePorts(word, ports));
        const { exitCode, output } = await runtime.execute(instance, workload, command, signal);
        if (timer.signal.aborted) return { ok: false, output: "no answer in time" };
        return { ok: exitCode === 0, output: `exit code ${exitCode}${output === "" ? "" : `: ${output}`}` };
      }
      const port = probedPort(probe.port, instance.ports);
      const address = port === null ? null : await runtime.address(instance, port);
      if (address === null) return { ok: false, output: `port ${port ?? "of the probe"} cannot be reached` };
      return probe.type === "tcp"
        ? await probeTcp(address, signal)
        : await probeHttp({ ...address, path: probe.path, headers: probe.headers }, signal);
    } catch (error) {
      return { ok: false, output: error instanceof Error ? error.message : String(error) };
    } finally {
      clearTimeout(timeout);
    }
  }
}

function isOfImage({ workload }: ProbeTarget): boolean {
  return workload.health?.type === "image";
}
