/** What of a workload is refused, and in which words: one wording for every field. */
import { Failure } from "../../failure.ts";
import { quoted } from "../printable.ts";

export interface Refusal {
  /** Of the manifest: the field, and what in it. */
  path: readonly [string, ...(string | number)[]];
  /** What is asked for, quoted; null where the field says it all. */
  value: string | null;
  /** The setting that would allow it; null for what nobody allows. */
  key: string | null;
  message: string;
  hint: string;
}

/** `by`: what is written to allow it. */
export function denied(
  { path, value, key, by }: { path: Refusal["path"]; value: string | null; key: string; by: "true" | "item" },
): Refusal {
  const change = by === "true" ? `set ${key} = true in` : `add it to ${key} in`;
  return {
    path,
    value: value === null ? null : quoted(value),
    key,
    message: `${path[0]}: the owner of this device does not allow ${value === null ? "it" : quoted(value)}`,
    hint: `leave it out, or ${change} [policy] of config.toml`,
  };
}

/** Of what is HarborNode's own. */
export function never(
  { path, value, why, hint }: { path: Refusal["path"]; value: string; why: string; hint: string },
): Refusal {
  return {
    path,
    value: quoted(value),
    key: null,
    message: `${path[0]}: ${quoted(value)} ${why}`,
    hint,
  };
}

/** For a runtime, which sees what nobody else can look at. */
export function policyFailure({ message, hint }: Pick<Refusal, "message" | "hint">): Failure {
  return new Failure(message, { kind: "mistake", reason: "policy_denied", hint });
}

/** Of an array, each item that is refused. */
export function eachOf<T>(items: readonly T[], refuse: (item: T, index: number) => Refusal | null): Refusal[] {
  return items.map(refuse).filter((one) => one !== null);
}
