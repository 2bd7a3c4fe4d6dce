/** [pure] The life of an instance: state × event → state. A pair that is not listed does not change anything. */
import type { InstanceState } from "../../model/observed.ts";

export type LifeEvent =
  /** The shim has said who the service is. */
  | "started"
  /** Somebody asked for it to end. */
  | "stopping"
  /** Neither the service nor its shim is alive. */
  | "ended";

const TABLE: Record<InstanceState, Partial<Record<LifeEvent, InstanceState>>> = {
  created: { started: "running", ended: "exited" },
  running: { stopping: "stopping", ended: "exited" },
  stopping: { ended: "exited" },
  // Containers only; here for completeness of the type.
  paused: { stopping: "stopping", ended: "exited" },
  exited: {},
};

export function next(state: InstanceState, event: LifeEvent): InstanceState {
  return TABLE[state][event] ?? state;
}
