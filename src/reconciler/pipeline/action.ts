/** The closed list of what can be done to a device. Nothing else ever reaches a runtime. */
import type { Instance } from "../../model/instance.ts";
import type { ReasonCode } from "../../model/reason.ts";
import type { RuntimeName, SignalName, Workload } from "../../model/workload.ts";

interface Why {
  /** The workload's name: actions of one workload are done in order, those of different ones side by side. */
  workload: string;
  reason: ReasonCode;
  /** One sentence without a final period: what changed, or what was seen. */
  message: string;
}

export type Action =
  /** Bring what the starts after it need (an image). Comes before any stop, and if it fails nothing after it is done. */
  | Why & { type: "prepare"; spec: Workload }
  | Why & {
    type: "stop";
    runtime: RuntimeName;
    instance: Instance;
    /** Null: the instance's own signal (`StopOptions`). */
    signal: SignalName | null;
    timeoutMs: number;
    /** Whether a start in the same slot follows; of a job, with the next plan. */
    isReplaced?: boolean;
  }
  | Why & { type: "remove"; runtime: RuntimeName; instance: Instance }
  | Why & {
    type: "start";
    spec: Workload;
    slot: number;
    fingerprint: string;
    previous: Instance | null;
    /** Another one of the slot goes on running beside it, and is the one that others find. */
    canary?: boolean;
    /** Of a job: the time that the run is for, in ms since 1970. */
    dueAt?: number;
  }
  /** It is healthy: others may find it from now on. */
  | Why & { type: "publish"; spec: Workload; instance: Instance }
  /** Put its changed files in their place, and tell it as `spec.onChange` says. It goes on running. */
  | Why & { type: "reload"; spec: Workload; instance: Instance };

/** "start web[0]", for people. */
export function actionTitle(action: Action): string {
  if (action.type === "prepare") return `prepare ${action.workload}`;
  const slot = action.type === "start" ? action.slot : action.instance.slot;
  return `${action.type} ${action.workload}[${slot}]`;
}
