/** What the runtimes report. Only instances that carry our mark for this device are ever in here. */
import type { ReasonCode } from "./reason.ts";
import type { ProbeResult } from "./snapshot.ts";
import type { RuntimeName } from "./workload.ts";

export type InstanceState =
  /** The process or container exists and runs. */
  | "running"
  /** Created and never started, or half-made: safe to remove. */
  | "created"
  /** Docker only: frozen by hand. */
  | "paused"
  /** Being stopped by us. */
  | "stopping"
  | "exited";

export interface Instance {
  /** Unique on the device and never used again: the container id; for native a name made at the start. */
  id: string;
  workload: string;
  slot: number;
  runtime: RuntimeName;
  /** Of the spec that it was started with. */
  fingerprint: string;
  state: InstanceState;
  /** Of the main process on the device; null when it does not run. */
  pid: number | null;
  containerId: string | null;
  /** Milliseconds since 1970; null when it was never started. Of its program's last start. */
  startedAt: number | null;
  endedAt: number | null;
  /** 0-255, 128+n for death by signal n; null while it runs, and where it could not be learned. */
  exitCode: number | null;
  /** The runtime's own view (an image's HEALTHCHECK); null where it has none. */
  runtimeHealth: "starting" | "healthy" | "unhealthy" | null;
  /** What the runtime's own check last said, as far as it was looked at; newest last. */
  checks?: readonly ProbeResult[];
  /** Ports it holds on the device, as "8080/tcp", for native in the order of the spec's ports. */
  ports: string[];
  /** Ends of its program that it followed by a start itself, oldest first. */
  respawns?: readonly { startedAt: number; endedAt: number; exitCode: number | null }[];
  /** The name that it was started under, where its workload has another one now (`moved_from`). */
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
  /** It ended because somebody told it to who was not us. Absent where that could not be learned. */
  stoppedByHand?: boolean;
  /** Docker: the id of the image that it was made of, "sha256:...". */
  imageId?: string;
  /** Docker: what the registry calls that image, "sha256:..."; absent for one that came from no registry. */
  imageDigest?: string;
  /** What of its spec could not be had, and it was started in spite of. */
  warnings: { reason: ReasonCode; message: string }[];
}

/** An observation that fails is "unknown", never "gone": nothing is created or removed on the strength of it. */
export type Observation =
  /** `about`: what it is that answers, like "Docker 20.10.24, API 1.41"; absent where there is nothing to say. */
  | { runtime: RuntimeName; ok: true; instances: Instance[]; about?: string }
  | { runtime: RuntimeName; ok: false; reason: ReasonCode; message: string };
