/**
 * [pure] What the policy of a device refuses of a checkout, at the places where it is asked for. On the device each is
 * said of its workload, and all others go on; before a merge it is one more mistake.
 */
import type { Desired } from "../../model/desired.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { overQuota } from "../../model/policy/quota.ts";
import type { Refusal } from "../../model/policy/refusal.ts";
import { refusalsOf } from "../../model/policy/refusals.ts";
import type { Problem } from "../../model/problem.ts";
import type { Workload } from "../../model/workload.ts";
import { parseDocument, withPositions } from "../../schema/toml_document.ts";
import type { Mode } from "../field/mode.ts";
import { type Diagnostic, DiagnosticScope, type FieldPath, isTable, type Table } from "../../schema/diagnostic.ts";
import type { ManifestTree } from "../read.ts";

/** None for a workload of two modes that may be run in one of them. */
export function policyProblems(
  { workloads, choices }: Desired,
  { tree, policy }: { tree: ManifestTree; policy: Policy },
): Problem[] {
  const tooMuch = overQuota(workloads, { policy, applied: () => 0 });
  return workloads.flatMap((one) => {
    const modes = choices?.get(one.name)?.specs ?? [one];
    const refused = modes.map((spec) => ({ spec, refusals: refusalsOf(spec, policy) }));
    const quota = tooMuch.get(one.name);
    const isRefused = refused.every(({ refusals }) => refusals.length > 0);
    if (!isRefused && quota === undefined) return [];
    const text = tree.text(one.manifest) ?? "";
    const document = parseDocument(one.manifest, text);
    const table = "table" in document ? document.table : {};
    const found: Diagnostic[] = [];
    for (const { spec, refusals } of isRefused ? refused : []) {
      for (const refusal of refusals) report(refusal, { found, path: writtenAt(refusal.path, { spec, table }) });
    }
    if (quota !== undefined) report(quota, { found, path: quota.path });
    return withPositions(one.manifest, text, found);
  });
}

/** Its field is said by the place already. */
function report(
  { path: [field], message, hint }: Refusal,
  { found, path }: { found: Diagnostic[]; path: FieldPath },
): void {
  new DiagnosticScope(found, path).error(message.replace(`${field}: `, ""), hint);
}

/** At the top, or below the table of its mode. What the manifest has more or fewer of than the spec has no number. */
function writtenAt(path: Refusal["path"], { spec, table }: { spec: Workload; table: Table }): FieldPath {
  const mode: Mode = spec.runtime === "native" ? "native" : "container";
  const own = table[mode];
  const isBelow = isTable(own) && own[path[0]] !== undefined;
  const written = isBelow ? own[path[0]] : table[path[0]];
  const counts = Array.isArray(written) && path[0] === "ports" && written.length !== spec.ports.length;
  return [...(isBelow ? [mode] : []), ...(counts ? path.slice(0, 1) : path)];
}
