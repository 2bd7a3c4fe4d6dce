/**
 * The fingerprint of a workload: a hash of the part of its spec that needs a new instance when it changes, and of the
 * content of its files. Never of the commit, so a push that does not change a workload does not touch it.
 */
import { createHash } from "node:crypto";
import { secretsIdentity } from "./secret_reference.ts";
import type { Workload, WorkloadFile } from "./workload.ts";

/** What can change without a new instance: these are read live from the spec by whoever uses them. */
const LIVE = new Set([
  "name",
  "description",
  "manifest",
  "enabled",
  "suspend",
  "replicas",
  "restart",
  "stopSignal",
  "stopTimeoutMs",
  "health",
  "minHealthyMs",
  "logs",
  "dependsOn",
  "job",
  "onChange",
  "rollout",
  "windows",
  "drift",
  "prune",
  "movedFrom",
  // Another name for the same: what `image` stood for.
  "pinnedImage",
  "pull",
  "imageUpdates",
]);

/** Sixteen hexadecimal digits; equal for equal meaning, whatever the order of keys. */
export function fingerprint(workload: Workload): string {
  const known = KNOWN.get(workload);
  if (known !== undefined) return known;
  const made = digest(fingerprintInput(workload)).slice(0, 16);
  KNOWN.set(workload, made);
  return made;
}

/** Specs are never changed in place, and every pass asks for the fingerprint of each several times. */
const KNOWN = new WeakMap<Workload, string>();

/** The fields that the fingerprint is made of, in a form that can be compared field by field to explain a change. */
export function fingerprintInput(workload: Workload): Record<string, unknown> {
  const entries = Object.entries(workload).filter(([key, value]) => !LIVE.has(key) && !saysNothing(value));
  // Files that are followed in place need no new instance when they change.
  const files = workload.onChange.type === "restart" ? filesDigest(workload.files) : "";
  const alone = filesMountedAlone(workload);
  // The same value encrypted anew is another ciphertext.
  const { secrets = [] } = workload;
  return {
    ...Object.fromEntries(entries),
    files,
    ...(alone.length === 0 ? {} : { filesMountedAlone: filesDigest(alone) }),
    ...(secrets.length === 0 ? {} : { secrets: secretsIdentity(secrets) }),
  };
}

/**
 * Files that `on_change` leaves in place, and that a container mounts one by one. A bind mount of a file stays with the
 * inode that was there: a file that is replaced beside it is never seen. Writing into the inode would show half a file to
 * a program that reads it meanwhile, cut a file that is mapped into memory (SIGBUS), fail for a running program (ETXTBSY)
 * and wait for a lease that the container took. So the content is part of the fingerprint, and a new container follows.
 */
export function filesMountedAlone(workload: Workload): WorkloadFile[] {
  if (workload.runtime !== "docker" || workload.onChange.type === "restart") return [];
  const sources = new Set(workload.mounts.flatMap((mount) => mount.type === "files" ? [mount.source] : []));
  return workload.files.filter(({ path }) => sources.has(path));
}

/** Whether two specs say the same in every field. Cheap where they were compared before. */
export function isSameSpec(a: Workload, b: Workload): boolean {
  return a === b || specText(a) === specText(b);
}

function specText(workload: Workload): string {
  const known = TEXTS.get(workload);
  if (known !== undefined) return known;
  const made = canonical(workload);
  TEXTS.set(workload, made);
  return made;
}

const TEXTS = new WeakMap<Workload, string>();

/**
 * Sixteen hexadecimal digits naming all of a spec that decides whether it becomes healthy: its fingerprint, and how its
 * health is told. What was refused is tried again when this is another.
 */
export function rolloutDigest(workload: Workload): string {
  const { health, minHealthyMs, restart, rollout } = workload;
  return digest([fingerprint(workload), health, minHealthyMs, restart, rollout]).slice(0, 16);
}

/** Left out, so that a new field in a later version gives no new fingerprint to what runs. */
function saysNothing(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

/** Sixteen hexadecimal digits naming the content of a set of files; the empty string for none. */
export function filesDigest(files: readonly WorkloadFile[]): string {
  if (files.length === 0) return "";
  const lines = files.map((file) => [file.path, file.oid, file.executable]);
  return digest(lines.sort((a, b) => (a[0]! < b[0]! ? -1 : 1))).slice(0, 16);
}

function digest(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

/** JSON with sorted keys, so that two objects of the same content have the same text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}
