/**
 * Stage: digest pinning. With `update_image`, the tag of an image is replaced by the digest that the registry reports, so
 * that a new image is an ordinary spec change: it gets a fingerprint, a rollout, a rollback and a quarantine.
 */
import { fingerprint } from "../../model/fingerprint.ts";
import type { ImageState, WorkloadState } from "../../model/workload_state.ts";
import type { Instance } from "../../model/instance.ts";
import type { DockerWorkload, Workload } from "../../model/workload.ts";
import { earliest } from "./earliest.ts";
import type { PlanContext } from "./plan_input.ts";
import type { Candidate } from "./resolve_runtime.ts";

/** Pins the images of all candidates. `wakeAt` is the end of the first cooldown. */
export function pinImages<C extends Candidate>(
  candidates: readonly C[],
  { states, now }: Pick<PlanContext, "states" | "now">,
): { candidates: C[]; wakeAt: number | null } {
  const pinned = candidates.map((candidate) => {
    const { spec, wakeAt } = withPinnedDigest(candidate.spec, { state: states.get(candidate.spec.name), now });
    return { candidate: { ...candidate, spec }, wakeAt };
  });
  return {
    candidates: pinned.map(({ candidate }) => candidate),
    wakeAt: earliest(...pinned.map(({ wakeAt }) => wakeAt)),
  };
}

/** Pins the image of a spec to its present digest. `wakeAt` is when another digest takes its place; null for never. */
export function withPinnedDigest(
  spec: Workload,
  { state, now }: { state: WorkloadState | undefined; now: number },
): { spec: Workload; wakeAt: number | null } {
  const image = state?.image;
  if (spec.runtime !== "docker" || image === undefined || image.reference !== spec.image) return { spec, wakeAt: null };
  // Without `update_image` the last digest stays: to turn updates off changes nothing that runs.
  if (spec.imageUpdates === null) {
    return { spec: spec.pull === "always" ? spec : withDigest(spec, image.digest), wakeAt: null };
  }
  // A digest that was applied before stays pinned: a clock that is set back does not undo the update.
  const applied = state?.applied?.workload;
  if (
    image.seen !== undefined && applied?.runtime === "docker" && applied.image === `${spec.image}@${image.seen.digest}`
  ) {
    return { spec: withDigest(spec, image.seen.digest), wakeAt: null };
  }
  const dueAt = image.seen === undefined ? null : image.seen.at + spec.imageUpdates.cooldownMs;
  const wakeAt = dueAt !== null && dueAt > now ? dueAt : null;
  return { spec: withDigest(spec, presentDigest(image, spec, now)), wakeAt };
}

/**
 * Returns the image state after the registry reported `digest` for the tag; null when nothing changed. `running` is the
 * digest of the running container.
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
  const present = presentDigest(known, spec, now);
  // A tag that is back at its first digest is the spec without a digest.
  if (digest === (present ?? base)) return known.seen === undefined ? null : { reference, base, digest: present };
  // A digest seen in the future was recorded by a clock that was ahead: its cooldown would last until then.
  if (digest === known.seen?.digest && known.seen.at <= now) return null;
  return { reference, base, digest: present, seen: { digest, at: now } };
}

/**
 * Restores a lost image state from an instance that was started of a digest, so that the loss restarts nothing. Null when
 * no instance was.
 */
export function restoredImageState(spec: Workload, instances: readonly Instance[]): ImageState | null {
  if (spec.runtime !== "docker" || spec.image.includes("@")) return null;
  const started = instances.find((instance) =>
    instance.imageDigest !== undefined &&
    instance.fingerprint === fingerprint(withDigest(spec, instance.imageDigest))
  );
  if (started?.imageDigest === undefined) return null;
  return { reference: spec.image, base: null, digest: started.imageDigest };
}

/** Null for the digest that the tag had at first. */
function presentDigest(
  { base, digest, seen }: ImageState,
  { imageUpdates }: DockerWorkload,
  now: number,
): string | null {
  const isDue = seen !== undefined && imageUpdates !== null && seen.at + imageUpdates.cooldownMs <= now;
  if (!isDue) return digest;
  return seen.digest === base ? null : seen.digest;
}

/** Returns the same object for the same spec and digest: fingerprints are cached by object. */
function withDigest(spec: DockerWorkload, digest: string | null): DockerWorkload {
  if (digest === null) return spec;
  const image = `${spec.image}@${digest}`;
  const known = PINNED.get(spec);
  if (known?.image === image) return known;
  const pinned = { ...spec, image };
  PINNED.set(spec, pinned);
  return pinned;
}

const PINNED = new WeakMap<DockerWorkload, DockerWorkload>();
