/** Observed state: the instances that the runtimes report. Contains only instances that are labeled for this device. */
import type { ReasonCode } from "./reason.ts";
import type { RuntimeName } from "./workload.ts";

export type InstanceState =
  /** The process or container exists and runs. */
  | "running"
  /** Created and never started, or created in part: safe to remove. */
  | "created"
  /** Docker only: frozen by `docker pause`. */
  | "paused"
  /** HarborNode is stopping it. */
  | "stopping"
  | "exited";

/** Health of an instance. `unknown`: not checked yet, or not for long enough. */
export type Health = "healthy" | "unhealthy" | "unknown";

/** Result of one run of a probe, or of the health check of an image. */
export interface ProbeResult {
  /** End of the probe, in ms since 1970. */
  at: number;
  ok: boolean;
  durationMs: number;
  /** Answer of the probed program, shortened. */
  output: string;
}

export interface Instance {
  /** Unique on the device and never reused: the container id; for native a name made at the start. */
  id: string;
  workload: string;
  slot: number;
  runtime: RuntimeName;
  /** Fingerprint of the spec that the instance was started with. */
  fingerprint: string;
  state: InstanceState;
  /** Process id of the main process on the device; null when it does not run. */
  pid: number | null;
  containerId: string | null;
  /** Last start of the program, in ms since 1970; null when it was never started. */
  startedAt: number | null;
  endedAt: number | null;
  /** 0-255, 128+n for death by signal n; null while it runs, and where it could not be learned. */
  exitCode: number | null;
  /** The runtime's own view (an image's HEALTHCHECK); null where it has none. */
  runtimeHealth: "starting" | "healthy" | "unhealthy" | null;
  /** Last results of the health check of the image, as far as they were read; newest last. */
  checks?: readonly ProbeResult[];
  /** Ports on the device, as "8080/tcp"; for native in the order of the spec's ports. */
  ports: string[];
  /** Exits of the program that the shim or Docker followed by a restart (delegated restarts), oldest first. */
  respawns?: readonly { startedAt: number; endedAt: number; exitCode: number | null }[];
  /** Name that the workload had when the instance was started; set when git renamed the workload (`moved_from`). */
  formerName?: string;
  /** It runs, and others do not find it under the names of its networks yet. */
  canary?: boolean;
  /**
   * Docker: paths that its image declares as VOLUME, whose volume belongs to the slot: the next container of the slot
   * mounts it too. Absent for none.
   */
  ownVolumes?: string[];
  /** What was changed by hand since its start, in a sentence; absent where it is as it was started. */
  altered?: string;
  /** Somebody other than HarborNode stopped it. Absent when the runtime cannot tell. */
  stoppedByHand?: boolean;
  /** Docker: id of its image, "sha256:...". */
  imageId?: string;
  /** Docker: digest of that image in its registry, "sha256:..."; absent for an image that came from no registry. */
  imageDigest?: string;
  /** Parts of its spec that could not be provided; the instance was started without them. */
  warnings: { reason: ReasonCode; message: string }[];
}

/** An observation that fails is "unknown", never "gone": nothing is created or removed on the strength of it. */
export type Observation =
  /** `about`: version of the runtime, like "Docker 20.10.24, API 1.41"; absent for native. */
  | { runtime: RuntimeName; ok: true; instances: Instance[]; about?: string }
  | { runtime: RuntimeName; ok: false; reason: ReasonCode; message: string };

/** Lists the instances of all runtimes that could be observed. */
export function observedInstances(observations: readonly Observation[]): Instance[] {
  return observations.flatMap((observation) => observation.ok ? observation.instances : []);
}

/** True while the instance has a process or a started container: it must be stopped before it can be removed. */
export function isAlive({ state }: Instance): boolean {
  return state === "running" || state === "paused" || state === "stopping";
}
