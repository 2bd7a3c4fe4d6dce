/** How a workload is taken to a new fingerprint: what its manifest asks for, as far as two of it can run side by side. */
import type { Instance } from "../../../model/instance.ts";
import type { Workload } from "../../../model/workload.ts";
import { isAlive } from "../teardown_actions.ts";

export interface Strategy {
  type: "recreate" | "start-first" | "rolling";
  /** Why it is not start-first, in half a sentence; null where nobody would expect that. */
  because: string | null;
}

/**
 * Without a word in the manifest: a process as systemd would restart it, several of them one after the other; containers
 * as Kubernetes would, the new one first, unless both would write to one volume. Which paths an image declares as VOLUME
 * is known of what runs (`running`), and that is enough: a volume that no old instance has mounted is not shared.
 */
export function strategyOf(spec: Workload, running: readonly Instance[] = []): Strategy {
  const asked = spec.rollout.strategy;
  if (asked === "recreate" || asked === "rolling") return { type: asked, because: null };
  const port = spec.ports.find((one) => one.host !== null && one.host !== 0);
  if (port !== undefined && (asked === "start-first" || spec.runtime === "docker")) {
    return { type: "recreate", because: `port ${port.host} can be held by one alone` };
  }
  if (asked === "start-first") return { type: asked, because: null };
  const inTurn = spec.replicas > 1 ? "rolling" : "recreate";
  if (spec.runtime === "native") return { type: inTurn, because: null };
  const because = ownedByOne(spec) ?? sharedWith(running, spec);
  return because === null ? { type: "start-first", because } : { type: inTurn, because };
}

function ownedByOne(spec: Workload & { runtime: "docker" }): string | null {
  const written = spec.mounts.find((mount) => mount.type !== "tmpfs" && !mount.readOnly);
  if (written !== undefined) return `"${written.target}" can be written by one alone`;
  if (spec.devices.length > 0) return `"${spec.devices[0]}" can be used by one alone`;
  return spec.gpus === null ? null : "a GPU can be used by one alone";
}

function sharedWith(running: readonly Instance[], spec: Workload & { runtime: "docker" }): string | null {
  const paths = running.filter(isAlive).flatMap(({ ownVolumes = [] }) => ownVolumes);
  const shared = paths.find((path) => !spec.mounts.some(({ target }) => target === path));
  return shared === undefined ? null : `"${shared}", a volume of its image, can be written by one alone`;
}
