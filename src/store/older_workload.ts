/** How the state of a workload in an older format becomes one in the next format. */

/** The parts of format 2 that change. Everything comes from a file, so everything may be missing. */
interface Format2 {
  applied?: { workload?: Spec2 } | null;
  rollouts?: { versions?: { workload?: Spec2 }[] };
}

interface Spec2 {
  stopSignal?: unknown;
}

/**
 * Format 2 wrote SIGTERM for every manifest without `stop_signal`, and so overruled the image's STOPSIGNAL. Format 3 has
 * null there. A manifest that says SIGTERM itself looks the same; its applied spec is written anew with the first
 * reconcile. The signal is no part of the fingerprint, so nothing is started again.
 */
export function raise2(value: unknown): unknown {
  const memory = value as Format2 | null;
  if (memory === null || typeof memory !== "object") return value;
  const { applied, rollouts } = memory;
  return {
    ...memory,
    ...(applied ? { applied: withImageSignal(applied) } : {}),
    ...(Array.isArray(rollouts?.versions)
      ? { rollouts: { ...rollouts, versions: rollouts.versions.map(withImageSignal) } }
      : {}),
  };
}

function withImageSignal<T extends { workload?: Spec2 }>(one: T): T {
  return one?.workload?.stopSignal === "SIGTERM" ? { ...one, workload: { ...one.workload, stopSignal: null } } : one;
}
