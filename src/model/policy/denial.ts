/** What of a workload is refused, and in which words: one wording for every field. */
import { Failure } from "../../failure.ts";
import { quoted } from "../escape.ts";

export interface Denial {
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
export function deny(
  { path, value, key, by }: { path: Denial["path"]; value: string | null; key: string; by: "true" | "item" },
): Denial {
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
export function alwaysDeny(
  { path, value, why, hint }: { path: Denial["path"]; value: string; why: string; hint: string },
): Denial {
  return {
    path,
    value: quoted(value),
    key: null,
    message: `${path[0]}: ${quoted(value)} ${why}`,
    hint,
  };
}

/** For a runtime, which sees what nobody else can look at. */
export function policyFailure({ message, hint }: Pick<Denial, "message" | "hint">): Failure {
  return new Failure(message, { kind: "mistake", reason: "policy_denied", hint });
}

/** Of an array, each item that is refused. */
export function denyEach<T>(items: readonly T[], refuse: (item: T, index: number) => Denial | null): Denial[] {
  return items.map(refuse).filter((refusal) => refusal !== null);
}
