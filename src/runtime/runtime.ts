/**
 * The contract of a runtime: where instances live. `native` and `docker` implement it and pass one conformance suite
 * (tests/runtime/conformance.ts); `dry_run` wraps one and changes nothing.
 *
 * What holds for every method: a `Failure` is thrown for what went wrong outside (its kind says whether to try again);
 * only instances with our mark for this device are seen or touched; every wait has an end; calling twice is harmless.
 */
import type { Instance, Observation } from "../model/instance.ts";
import type { RuntimeName, SignalName, Workload } from "../model/workload.ts";

/** Plaintext, for one start. Whoever has it writes it to no file but those it speaks of, and into no message. */
export interface RevealedSecrets {
  /** Variables of the environment, taken as they are: nothing in them stands for anything else. */
  env: Record<string, string>;
  /**
   * Files of a folder that only the instance's user can read, in memory where the device has such, named by
   * $CREDENTIALS_DIRECTORY. They are there as long as the instance runs, also over starts that it makes by itself.
   */
  files: { name: string; content: Uint8Array }[];
}

export interface StartRequest {
  workload: Workload;
  slot: number;
  fingerprint: string;
  /** Absolute folder with the workload's files (as the spec's `files` name them); null when it has none. Read-only use. */
  filesDir: string | null;
  /**
   * Absolute folder with those of the files that a container mounts one by one, where they never change; null or absent
   * when they are in `filesDir`.
   */
  aloneDir?: string | null;
  /** A number for each of the workload's ports, where the device chose it; 0 for one that is not published. */
  assignedPorts: readonly number[];
  /**
   * The ended instance of the same slot that this one follows, if there is one. Of the same fingerprint, Docker starts
   * the same container again; otherwise, and for native always, its record is replaced.
   */
  previous: Instance | null;
  /**
   * True: another instance of the slot still runs beside it, and clients of that one must not find this one under the
   * names of its networks before `publish`.
   */
  canary?: boolean;
  /** Absent for none. */
  secrets?: RevealedSecrets;
}

export interface StopOptions {
  /** Null: SIGTERM, or the signal that the image of the container declares. */
  signal: SignalName | null;
  /** After this the whole tree of processes is killed. */
  timeoutMs: number;
}

export interface LogOptions {
  /** How many of the last lines to begin with; null: all that are kept. With `since`, of those. */
  tail: number | null;
  /**
   * No lines that were written before: milliseconds since 1970. Native logs are what the program wrote, without times,
   * so the daemon remembers once a second how far they had come: at most a second's lines too many, after half an hour
   * of writing a hundredth of the time since then, and all that was written while no daemon ran; never too few.
   */
  since?: number | null;
  /** True: go on with what comes, until `signal` aborts (which ends the iteration without an error). */
  follow: boolean;
  signal?: AbortSignal;
}

/** One line of output, without its line end; longer than 16 KiB is cut. `stream` is null where both share one file. */
export interface LogLine {
  slot: number;
  stream: "stdout" | "stderr" | null;
  text: string;
}

/** What an instance uses. Null where the device does not count it (memory, on a kernel without its controller). */
export interface Usage {
  /** Of all cores, since it began. May step back where a process that left the tree ended. */
  cpuMs: number;
  /** Without cached file pages that nobody touched lately. */
  memoryBytes: number | null;
  /** Processes and threads: what a limit on `pids` counts. */
  pids: number | null;
}

/** Long work in a sentence, like "pulling nginx:1.27: 12.4 of 68.0 MB". */
export type Progress = (message: string) => void;

/** Capability of a runtime whose instances have names in networks. */
export interface NameCapability {
  /** Publishes a canary: its networks resolve the workload's names to it from now on. */
  publish(instance: Instance, workload: Workload): Promise<void>;
}

/** Capability of a runtime whose instances are made from images. */
export interface ImageCapability {
  /**
   * Returns what the name of the workload's image stands for in its registry now, as "sha256:..."; null when the registry
   * does not say. Pulls nothing.
   */
  latestImage(workload: Workload, signal: AbortSignal): Promise<string | null>;

  /**
   * Garbage-collects images that HarborNode pulled and that neither `specs` nor a container uses. Never removes what
   * somebody else pulled. Cheap to call often.
   */
  collectImages(specs: readonly Workload[]): Promise<void>;
}

/** What every runtime can do. Capabilities that only some have are absent in the others. */
export interface Runtime extends Partial<NameCapability>, Partial<ImageCapability> {
  readonly name: RuntimeName;

  /** All our instances, running or ended and not yet removed. Never throws: what could not be seen is `ok: false`. */
  observe(): Promise<Observation>;

  /** Brings all that a start of this workload needs (an image). Touches nothing that runs. */
  prepare(workload: Workload, progress: Progress, signal: AbortSignal): Promise<void>;

  /**
   * Starts one instance and returns when it exists; it may have ended already. Throws `Failure` with the reason when
   * it cannot be started (`command_not_found`, `port_conflict`, ...), and leaves nothing half-made behind.
   */
  start(request: StartRequest): Promise<Instance>;

  /** Signal, wait, then kill the whole tree. Resolves when nothing of it runs; the ended instance stays observable. */
  stop(instance: Instance, options: StopOptions): Promise<void>;

  /** Sends a signal to the main process of a running instance, after its identity was checked. */
  signal(instance: Instance, name: SignalName): Promise<void>;

  /**
   * Lets a running instance start its program again by itself, once and at once, should it end with another exit code
   * than these; null takes that back. A runtime that cannot do so does nothing.
   */
  setRestartLease(instance: Instance, finalCodes: readonly number[] | null): Promise<void>;

  /** Forgets an ended instance (record, container). Never removes volumes, data or logs. */
  remove(instance: Instance): Promise<void>;

  /** Takes over what may change without a new instance: the bounds of its logs. Called again and again. */
  configure(workload: Workload): void;

  /** Output of a workload's slots, oldest first: archives, then what is not archived yet. */
  logs(workload: string, options: LogOptions): AsyncIterable<LogLine>;

  /** Runs a command beside the instance (in its container), for `command` probes. Kills it when `signal` aborts. */
  execute(
    instance: Instance,
    workload: Workload,
    command: string[],
    signal: AbortSignal,
  ): Promise<{ exitCode: number; output: string }>;

  /** Host and port at which a probe reaches `port` of the instance; null when it cannot be reached from the device. */
  address(instance: Instance, port: number): Promise<{ host: string; port: number } | null>;

  /** What a running instance uses right now; null when it does not run. Cheap enough for every few seconds. */
  usage(instance: Instance): Promise<Usage | null>;

  /** Calls back, possibly too often, whenever `observe` might answer differently. Until `close`. */
  watch(changed: () => void): void;

  /** Ends watching and frees handles. Instances go on running. */
  close(): Promise<void>;
}

/** A runtime of containers: it has every capability. */
export type ContainerRuntime = Runtime & NameCapability & ImageCapability;
