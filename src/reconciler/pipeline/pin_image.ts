/**
 * A tag that moves is followed by another spec: the image with the digest that the tag stands for now. So a new content
 * has a fingerprint of its own, and is rolled out, taken back and refused like every other change.
 */
import { fingerprint } from "../../model/fingerprint.ts";
import type { ImageState, WorkloadState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import type { DockerWorkload, Workload } from "../../model/workload.ts";

/** The spec with what its image stands for now, and when that changes by itself; null for never. */
export function withPinnedDigest(
  spec: Workload,
  { state, now }: { state: WorkloadState | undefined; now: number },
): { spec: Workload; wakeAt: number | null } {
  const image = state?.image;
  if (spec.runtime !== "docker" || image === undefined || image.reference !== spec.image) return { spec, wakeAt: null };
  // Switched off, it stays what it was last taken to: to end the following changes nothing that runs.
  if (spec.imageUpdates === null) {
    return { spec: spec.pull === "always" ? spec : taken(spec, image.digest), wakeAt: null };
  }
  // Taken before: a clock that was set back does not undo it.
  const applied = state?.applied?.workload;
  if (
    image.seen !== undefined && applied?.runtime === "docker" && applied.image === `${spec.image}@${image.seen.digest}`
  ) {
    return { spec: taken(spec, image.seen.digest), wakeAt: null };
  }
  const dueAt = image.seen === undefined ? null : image.seen.at + spec.imageUpdates.cooldownMs;
  const wakeAt = dueAt !== null && dueAt > now ? dueAt : null;
  return { spec: taken(spec, current(image, spec, now)), wakeAt };
}

/**
 * What is to be remembered after the registry was asked and answered `digest`; null for nothing new. `running` is the
 * digest of what runs.
 */
export function afterDigestCheck(
  spec: DockerWorkload,
  { state, digest, running, now }: {
    state: WorkloadState | undefined;
    digest: string;
    running: string | null;
    now: number;
  },
): ImageState | null {
  const known: ImageState = state?.image?.reference === spec.image
    ? state.image
    : { reference: spec.image, base: running, digest: null };
  const { reference, base } = known;
  const wanted = current(known, spec, now);
  // Back to what the tag stood for at first: that is a spec without any digest.
  if (digest === (wanted ?? base)) return known.seen === undefined ? null : { reference, base, digest: wanted };
  // Seen in the future, by a clock that was ahead: the cooldown would last until then.
  if (digest === known.seen?.digest && known.seen.at <= now) return null;
  return { reference, base, digest: wanted, seen: { digest, at: now } };
}

/**
 * What a lost memory said, as an instance shows it that was started of a digest: so that losing it starts nothing again.
 * Null where none does.
 */
export function restoredImageState(spec: Workload, instances: readonly Instance[]): ImageState | null {
  if (spec.runtime !== "docker" || spec.image.includes("@")) return null;
  const found = instances.find(({ imageDigest, fingerprint: mark }) =>
    imageDigest !== undefined && mark === fingerprint(taken(spec, imageDigest))
  );
  if (found?.imageDigest === undefined) return null;
  return { reference: spec.image, base: null, digest: found.imageDigest };
}

/** Null: what the name alone stands for on this device. */
function current({ base, digest, seen }: ImageState, { imageUpdates }: DockerWorkload, now: number): string | null {
  const isDue = seen !== undefined && imageUpdates !== null && seen.at + imageUpdates.cooldownMs <= now;
  if (!isDue) return digest;
  return seen.digest === base ? null : seen.digest;
}

function taken(spec: DockerWorkload, digest: string | null): DockerWorkload {
  if (digest === null) return spec;
  const image = `${spec.image}@${digest}`;
  const known = TAKEN.get(spec);
  if (known?.image === image) return known;
  const made = { ...spec, image };
  TAKEN.set(spec, made);
  return made;
}

/** The same object for the same spec: fingerprints are known by it. */
const TAKEN = new WeakMap<DockerWorkload, DockerWorkload>();
