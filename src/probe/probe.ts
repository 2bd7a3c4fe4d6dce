/** Runs the probes of instances, each on its own timer, and keeps their last results. */
import type { Clock } from "../clock.ts";
import { withoutSecrets } from "../log.ts";
import { portNumber, probedPort, substitutePorts, withChosen } from "../model/port.ts";
import type { Instance } from "../model/observed.ts";
import type { ProbeResult } from "../model/snapshot.ts";
import type { Probe, RuntimeName, Workload } from "../model/workload.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Attempt } from "./attempt.ts";
import { probeHttp } from "./http.ts";
import { probeTcp } from "./tcp.ts";
import { BEGIN, judge, nextProbeMs, type Tally, type Verdict } from "./verdict.ts";

/** As many as Docker keeps. */
const KEPT_RESULTS = 5;
const OUTPUT_CHARS = 400;

export interface ProbeTarget {
  instance: Instance;
  /** With a `health`. */
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
  tally: Tally;
  results: ProbeResult[];
  done: number;
  /** When it came to its verdict. */
  since: number;
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
        known.target = target;
        continue;
      }
      known?.stop.abort(new Error("started again"));
      const watched = { target, tally: BEGIN, results: [], done: 0, since: 0, stop: new AbortController() };
      this.#watched.set(id, watched);
      this.#run(watched).catch(() => {});
    }
  }

  health(id: string): Verdict {
    return this.#watched.get(id)?.tally.verdict ?? "unknown";
  }

  /** Of every instance that is probed, by its id; `since` is in ms since 1970. */
  verdicts(): Map<string, { verdict: Verdict; since: number }> {
    const one = ({ tally, since }: Watched) => ({ verdict: tally.verdict, since });
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
    const { clock, changed } = this.#options;
    const { signal } = watched.stop;
    while (!signal.aborted) {
      const probe = watched.target.workload.health;
      if (probe === null || probe.type === "image") return;
      const began = clock.monotonic();
      const attempt = await this.#attempt(watched.target, probe, signal);
      if (signal.aborted) return;
      const now = clock.now();
      const durationMs = Math.round(clock.monotonic() - began);
      // It is shown to everybody, and kept: what a command prints of the secrets that it sees is not.
      const output = withoutSecrets(attempt.output.trimEnd()).slice(0, OUTPUT_CHARS);
      const result = { at: new Date(now).toISOString(), ok: attempt.ok, duration_ms: durationMs, output };
      watched.results = [...watched.results, result].slice(-KEPT_RESULTS);
      watched.done++;
      const before = watched.tally.verdict;
      const sinceStartMs = now - (watched.target.instance.startedAt ?? now);
      watched.tally = judge(watched.tally, { ok: attempt.ok, sinceStartMs }, probe);
      if (watched.tally.verdict !== before) {
        watched.since = now;
        changed();
      }
      await clock.sleep(nextProbeMs(watched.tally, watched.done, probe), signal);
    }
  }

  /** References to ports mean those that this very instance has. */
  async #attempt(
    { instance, workload }: ProbeTarget,
    probe: Exclude<Probe, { type: "image" }>,
    stopped: AbortSignal,
  ): Promise<Attempt> {
    const runtime = this.#options.runtimes.get(instance.runtime);
    if (runtime === undefined) return { ok: false, output: `no runtime ${instance.runtime}` };
    const timer = new AbortController();
    const timeout = setTimeout(() => timer.abort(new Error("no answer in time")), probe.timeoutMs);
    const signal = AbortSignal.any([stopped, timer.signal]);
    try {
      if (probe.type === "command") {
        const ports = withChosen(workload.ports, instance.ports.map(portNumber));
        const command = probe.command.map((word) => substitutePorts(word, ports));
        const { exitCode, output } = await runtime.execute(instance, workload, command, signal);
        if (timer.signal.aborted) return { ok: false, output: "no answer in time" };
        return { ok: exitCode === 0, output: `exit code ${exitCode}${output === "" ? "" : `: ${output}`}` };
      }
      const port = probedPort(probe.port, instance.ports);
      const address = port === null ? null : await runtime.address(instance, port);
      if (address === null) return { ok: false, output: `port ${port ?? "of the probe"} can not be reached` };
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
