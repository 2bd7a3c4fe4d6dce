/**
 * [pure] The life of an instance, at a glance: in which state, on which event, it goes to which state, and what is done
 * on the way, in this order.
 */
import type { InstanceState } from "../../model/instance.ts";

export type LifecycleState = "created" | "running" | "stopping" | "killing" | "draining" | "leaving" | "exited";

export type LifecycleEvent =
  /** The shim has said who the service is. */
  | "identified"
  /** The shim has started the program once more, as it was allowed to. */
  | "respawned"
  /** Somebody asked for it to end. */
  | "stop"
  /** The time between a stop signal and SIGKILL is over. */
  | "late"
  /** Neither the service nor its shim is alive. */
  | "ended"
  /** No process of the instance is left. */
  | "emptied"
  /** What it left behind is gone, and how it ended is known as far as it can be. */
  | "settled";

export type Effect =
  /** Sends the stop signal to all processes of the instance but the shim, as KillMode=control-group of systemd.kill(5). */
  | "signal"
  /** Sends the stop signal to those that are left and did not get it yet, and reports "emptied" or "late". */
  | "drain"
  /** SIGKILL to all that belongs to it, but for the shim, which writes down how it ended. */
  | "kill-tree"
  /** Its exit status is read, and its cgroup removed. */
  | "settle"
  /** Whoever waits for its end is told. */
  | "tell";

// deno-fmt-ignore -- a table
const TABLE: Record<LifecycleState, Partial<Record<LifecycleEvent, readonly [to: LifecycleState, ...effects: Effect[]]>>> = {
  created:  { identified: ["running"], stop: ["killing", "kill-tree"], ended: ["leaving", "kill-tree", "settle"] },
  running:  {                          stop: ["stopping", "signal"],   ended: ["draining", "drain"] },
  stopping: { respawned: ["stopping", "signal"], late: ["killing", "kill-tree"], stop: ["stopping", "signal"], ended: ["draining", "drain"] },
  killing:  { respawned: ["killing", "kill-tree"], late: ["killing", "kill-tree"], stop: ["killing", "kill-tree"], ended: ["leaving", "kill-tree", "settle"] },
  draining: { emptied: ["leaving", "settle"], late: ["leaving", "kill-tree", "settle"], stop: ["draining", "signal"] },
  leaving:  { settled: ["exited", "tell"] },
  exited:   {},
};

/** A pair that is not in the table changes nothing and does nothing. */
export function transition(
  life: LifecycleState,
  event: LifecycleEvent,
): { life: LifecycleState; effects: readonly Effect[] } {
  const [to, ...effects] = TABLE[life][event] ?? [life];
  return { life: to, effects };
}

/** As everybody else sees it: until it is cleaned up, nothing may follow in its place. */
export function publicState(life: LifecycleState): InstanceState {
  return life === "killing" || life === "draining" || life === "leaving" ? "stopping" : life;
}
