/**
 * [pure] Ports that two workloads of one device use. Each manifest is valid by itself, so a device blocks only the later
 * workload; a person who checks a checkout gets a problem.
 */
import type { Desired } from "../../model/desired.ts";
import { portsClash } from "../../model/port.ts";
import type { Problem } from "../../model/problem.ts";
import type { Workload } from "../../model/workload.ts";
import { type Diagnostic, DiagnosticScope, type FieldPath } from "../../schema/diagnostic.ts";
import { parseDocument, withPositions } from "../../schema/toml_document.ts";
import { isTable, quote } from "../../schema/toml_value.ts";
import type { Mode } from "../field/runtime_mode.ts";
import type { ManifestTree } from "../read_manifests.ts";

/** Returns a problem at the port of the workload that is later by name. Disabled workloads use no port. */
export function portConflicts({ workloads }: Desired, tree: ManifestTree): Problem[] {
  const enabled = workloads.filter((workload) => workload.enabled);
  return enabled.flatMap((workload, position) => {
    const diagnostics: Diagnostic[] = [];
    const text = tree.text(workload.manifest) ?? "";
    workload.ports.forEach((port, index) => {
      const rival = enabled.slice(0, position).find((other) => other.ports.some((own) => portsClash(own, port)));
      if (rival === undefined) return;
      new DiagnosticScope(diagnostics, [...portsPath(workload, text), index]).error(
        `port ${port.host}/${port.protocol} is asked for by ${quote(rival.name)} as well`,
        "give one of them another port, or choose other devices with on",
      );
    });
    return withPositions(workload.manifest, text, diagnostics);
  });
}

/** Returns the path of the ports in the manifest: at the top, or below the table of the mode. */
function portsPath(workload: Workload, text: string): FieldPath {
  const mode: Mode = workload.runtime === "native" ? "native" : "container";
  const document = parseDocument(workload.manifest, text);
  const table = "table" in document ? document.table[mode] : undefined;
  return isTable(table) && table.ports !== undefined ? [mode, "ports"] : ["ports"];
}
