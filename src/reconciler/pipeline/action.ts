/** Actions: the closed list of what the executor can do to a device. Nothing else reaches a runtime. */
import type { Instance } from "../../model/instance.ts";
import type { ReasonCode } from "../../model/reason.ts";
import type { RuntimeName, SignalName, Workload } from "../../model/workload.ts";

/** Why an instance is started, stopped or replaced. */
export interface Cause {
  reason: ReasonCode;
  /** One sentence without a final period: what changed, or what was observed. */
  message: string;
}

interface ActionBase extends Cause {
  /** Name of the workload. Actions of one workload run in order, those of different workloads side by side. */
  workload: string;
}

export type Action =
  /**
   * Fetches what the following starts need (an image, an artifact). Precedes every stop, and no later action of the
   * workload runs when it fails.
   */
  | ActionBase & { type: "prepare"; spec: Workload }
  | ActionBase & {
    type: "stop";
    runtime: RuntimeName;
    instance: Instance;
    /** Null: the instance's own signal (`StopOptions`). */
    signal: SignalName | null;
    timeoutMs: number;
    /** A start in the same slot follows: in this plan, or for a job in the next one. */
    isReplaced?: boolean;
  }
  | ActionBase & { type: "remove"; runtime: RuntimeName; instance: Instance }
  | ActionBase & {
    type: "start";
    spec: Workload;
    slot: number;
    fingerprint: string;
    previous: Instance | null;
    /** The previous instance of the slot keeps running and serving until the new one is published. */
    canary?: boolean;
    /** Job: the time that the run is for, in ms since 1970. */
    dueAt?: number;
  }
  /** Makes a healthy canary resolvable under the workload's names. */
  | ActionBase & { type: "publish"; spec: Workload; instance: Instance }
  /** Replaces changed files and notifies the running instance as `spec.onChange` says. */
  | ActionBase & { type: "reload"; spec: Workload; instance: Instance };

/** Formats an action for people: "start web[0]". */
export function actionTitle(action: Action): string {
  if (action.type === "prepare") return `prepare ${action.workload}`;
  const slot = action.type === "start" ? action.slot : action.instance.slot;
  return `${action.type} ${action.workload}[${slot}]`;
}
