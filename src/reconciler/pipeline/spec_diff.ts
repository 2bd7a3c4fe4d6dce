/** Differences between two specs, as text. Contains no values of the environment and no secrets. */
import { canonical, filesMountedAlone, fingerprintInput } from "../../model/fingerprint.ts";
import type { ReasonCode } from "../../model/reason.ts";
import { secretsIdentity } from "../../model/secret_reference.ts";
import type { Workload, WorkloadFile } from "../../model/workload.ts";

export interface FieldChange {
  field: string;
  from: string;
  to: string;
}

/** Lists the fields of the fingerprint that differ; empty when both specs have the same fingerprint. */
export function diffSpecs(before: Workload, after: Workload): FieldChange[] {
  const old = fingerprintInput(before);
  const now = fingerprintInput(after);
  const fields = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
  return fields.flatMap((field) => {
    if (canonical(old[field]) === canonical(now[field])) return [];
    if (field === "env") return compareEnv(before.env, after.env);
    if (field === "files") return compareFiles(before.files, after.files);
    if (field === "filesMountedAlone") return compareFiles(filesMountedAlone(before), filesMountedAlone(after));
    if (field === "secrets") return compareSecrets(before, after);
    return [{ field, from: shorten(old[field]), to: shorten(now[field]) }];
  });
}

/**
 * Returns the reason code and the sentence for a change from one spec to the other. `imageDigest` is the digest of the
 * running container, for a spec without one.
 */
export function explainChange(
  before: Workload | null,
  after: Workload,
  { imageDigest }: { imageDigest?: string | undefined } = {},
): { reason: ReasonCode; message: string } {
  if (before !== null && before.runtime !== after.runtime) {
    return { reason: "runtime_changed", message: `moves from ${before.runtime} to ${after.runtime}` };
  }
  const changes = before === null ? [] : diffSpecs(before, after);
  if (changes.length === 0) return { reason: "spec_changed", message: "runs an older spec" };
  const movedTag = changes.length === 1 ? describeMovedTag(before, after, imageDigest) : null;
  if (movedTag !== null) return { reason: "image_changed", message: movedTag };
  const onlyFiles = changes.every((change) => change.field.startsWith("files/"));
  const isMountedAlone = filesMountedAlone(after).length > 0;
  const onlySecrets = changes.every((change) => change.field.startsWith("secrets."));
  const listed = changes.slice(0, 3).map((change) =>
    change.from === "" && change.to === "" ? change.field : `${change.field}: ${change.from} -> ${change.to}`
  );
  const more = changes.length > 3 ? ` and ${changes.length - 3} more` : "";
  return {
    reason: onlyFiles ? "file_changed" : onlySecrets ? "secret_changed" : "spec_changed",
    message: `${listed.join(", ")}${more} changed${onlyFiles && isMountedAlone ? MOUNTED_ALONE : ""}`,
  };
}

/** Reason why such a file is not delivered as `on_change` says. */
const MOUNTED_ALONE = "; a file that is mounted alone needs a new container (mount its folder for a reload)";

/** Returns "image web:1: sha256:4bd12a -> sha256:77aa01 changed" when only the digest differs; null otherwise. */
function describeMovedTag(before: Workload | null, after: Workload, running: string | undefined): string | null {
  if (before?.runtime !== "docker" || after.runtime !== "docker" || before.image === after.image) return null;
  const [oldName, oldDigest = running] = before.image.split("@");
  const [name, digest] = after.image.split("@");
  if (name !== oldName) return null;
  const short = (digest: string | undefined) => digest?.slice(0, "sha256:".length + 12) ?? "what is here";
  return `image ${name}: ${short(oldDigest)} -> ${short(digest)} changed`;
}

function compareEnv(before: Record<string, string>, after: Record<string, string>): FieldChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.filter((name) => before[name] !== after[name]).map((name) => ({
    field: `env.${name}`,
    from: "",
    to: "",
  }));
}

/** Names the targets whose secret differs, without either value. */
function compareSecrets(before: Workload, after: Workload): FieldChange[] {
  const old = secretsIdentity(before.secrets ?? []);
  const now = secretsIdentity(after.secrets ?? []);
  const targets = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
  return targets.filter((target) => old[target] !== now[target])
    .map((target) => ({ field: `secrets.${target.replace(/^\w+\./, "")}`, from: "", to: "" }));
}

function compareFiles(before: readonly WorkloadFile[], after: readonly WorkloadFile[]): FieldChange[] {
  const line = (file: { oid: string; executable: boolean }) => `${file.oid}${file.executable}`;
  const old = new Map(before.map((file) => [file.path, line(file)]));
  const now = new Map(after.map((file) => [file.path, line(file)]));
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  return paths.filter((path) => old.get(path) !== now.get(path))
    .map((path) => ({ field: `files/${path}`, from: "", to: "" }));
}

function shorten(value: unknown): string {
  const text = value === undefined ? "none" : canonical(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
