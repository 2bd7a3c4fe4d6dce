/**
 * [pure] Policy violations of a checkout, at the fields that cause them. On the device a violation affects its workload
 * only; for a person who checks a checkout it is one more problem.
 */
import type { Desired } from "../../model/desired.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { overQuota } from "../../model/policy/quota.ts";
import type { Denial } from "../../model/policy/denial.ts";
import { evaluatePolicy } from "../../model/policy/evaluate_policy.ts";
import type { Problem } from "../../model/problem.ts";
import type { Workload } from "../../model/workload.ts";
import { type Diagnostic, DiagnosticScope, type FieldPath } from "../../schema/diagnostic.ts";
import { parseDocument, withPositions } from "../../schema/toml_document.ts";
import { isTable, type Table } from "../../schema/toml_value.ts";
import type { Mode } from "../field/runtime_mode.ts";
import type { ManifestTree } from "../read_manifests.ts";

/** Returns none for a workload of two modes that is allowed in one of them. */
export function policyProblems(
  { workloads, choices }: Desired,
  { tree, policy }: { tree: ManifestTree; policy: Policy },
): Problem[] {
  const overLimit = overQuota(workloads, { policy, applied: () => 0 });
  return workloads.flatMap((workload) => {
    const specs = choices?.get(workload.name)?.specs ?? [workload];
    const judged = specs.map((spec) => ({ spec, refusals: evaluatePolicy(spec, policy) }));
    const quota = overLimit.get(workload.name);
    const isDenied = judged.every(({ refusals }) => refusals.length > 0);
    if (!isDenied && quota === undefined) return [];
    const text = tree.text(workload.manifest) ?? "";
    const document = parseDocument(workload.manifest, text);
    const table = "table" in document ? document.table : {};
    const diagnostics: Diagnostic[] = [];
    for (const { spec, refusals } of isDenied ? judged : []) {
      for (const refusal of refusals) {
        report(refusal, { diagnostics, path: sourceOf(refusal.path, { spec, table }) });
      }
    }
    if (quota !== undefined) report(quota, { diagnostics, path: quota.path });
    return withPositions(workload.manifest, text, diagnostics);
  });
}

/** Drops the name of the field from the message: the position says it. */
function report(
  { path: [field], message, hint }: Denial,
  { diagnostics, path }: { diagnostics: Diagnostic[]; path: FieldPath },
): void {
  new DiagnosticScope(diagnostics, path).error(message.replace(`${field}: `, ""), hint);
}

/**
 * Returns the path at the top, or below the table of the mode. It has no index where one entry of the manifest stands for
 * several ports of the spec.
 */
function sourceOf(path: Denial["path"], { spec, table }: { spec: Workload; table: Table }): FieldPath {
  const mode: Mode = spec.runtime === "native" ? "native" : "container";
  const own = table[mode];
  const isBelow = isTable(own) && own[path[0]] !== undefined;
  const written = isBelow ? own[path[0]] : table[path[0]];
  const counts = Array.isArray(written) && path[0] === "ports" && written.length !== spec.ports.length;
  return [...(isBelow ? [mode] : []), ...(counts ? path.slice(0, 1) : path)];
}
