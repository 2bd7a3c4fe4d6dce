/** Rollout strategy: how the instances of a workload are replaced by those of a new fingerprint. */
import { type Instance, isAlive } from "../../../model/instance.ts";
import type { Workload } from "../../../model/workload.ts";

export interface Strategy {
  type: "recreate" | "start-first" | "rolling";
  /** Reason why two instances cannot run side by side, as half a sentence; null when start-first is not expected. */
  limitation: string | null;
}

/**
 * Chooses the strategy. Default for native: like `systemctl restart`, and slot by slot with several replicas. Default for
 * containers: like a Kubernetes Deployment, the new container first, unless both would need something exclusively. The
 * running instances (`running`) tell which paths an image declares as VOLUME: a volume that no old instance has mounted is
 * not shared.
 */
export function strategyOf(spec: Workload, running: readonly Instance[] = []): Strategy {
  const { strategy } = spec.rollout;
  if (strategy === "recreate" || strategy === "rolling") return { type: strategy, limitation: null };
  const port = spec.ports.find(({ host }) => host !== null && host !== 0);
  if (port !== undefined && (strategy === "start-first" || spec.runtime === "docker")) {
    return { type: "recreate", limitation: `port ${port.host} can be held by one alone` };
  }
  if (strategy === "start-first") return { type: strategy, limitation: null };
  const oldFirst = spec.replicas > 1 ? "rolling" : "recreate";
  if (spec.runtime === "native") return { type: oldFirst, limitation: null };
  const limitation = exclusiveResource(spec) ?? sharedImageVolume(running, spec);
  return limitation === null ? { type: "start-first", limitation } : { type: oldFirst, limitation };
}

function exclusiveResource(spec: Workload & { runtime: "docker" }): string | null {
  const written = spec.mounts.find((mount) => mount.type !== "tmpfs" && !mount.readOnly);
  if (written !== undefined) return `"${written.target}" can be written by one alone`;
  if (spec.devices.length > 0) return `"${spec.devices[0]}" can be used by one alone`;
  return spec.gpus === null ? null : "a GPU can be used by one alone";
}

function sharedImageVolume(running: readonly Instance[], spec: Workload & { runtime: "docker" }): string | null {
  const paths = running.filter(isAlive).flatMap(({ ownVolumes = [] }) => ownVolumes);
  const shared = paths.find((path) => !spec.mounts.some(({ target }) => target === path));
  return shared === undefined ? null : `"${shared}", a volume of its image, can be written by one alone`;
}
