/**
 * [pure] Ports that two workloads of one device want. Each manifest is right by itself, so none of them is invalid: a
 * device blocks the one that comes later. A person who checks a checkout wants to be told all the same.
 */
import type { Desired } from "../../model/desired.ts";
import { portsClash } from "../../model/port.ts";
import type { Problem } from "../../model/problem.ts";
import type { Workload } from "../../model/workload.ts";
import { parseDocument, withPositions } from "../../schema/toml_document.ts";
import type { Mode } from "../field/mode.ts";
import { type Diagnostic, DiagnosticScope, type FieldPath, isTable, quote } from "../../schema/diagnostic.ts";
import type { ManifestTree } from "../read.ts";

/** Told of the one that is later by name, at its port. A workload that is switched off wants none. */
export function portConflicts({ workloads }: Desired, tree: ManifestTree): Problem[] {
  const enabled = workloads.filter((one) => one.enabled);
  return enabled.flatMap((one, position) => {
    const found: Diagnostic[] = [];
    const text = tree.text(one.manifest) ?? "";
    one.ports.forEach((port, index) => {
      const rival = enabled.slice(0, position).find((other) => other.ports.some((its) => portsClash(its, port)));
      if (rival === undefined) return;
      const path = [...portsOf(one, text), index];
      new DiagnosticScope(found, path).error(
        `port ${port.host}/${port.protocol} is asked for by ${quote(rival.name)} as well`,
        "give one of them another port, or choose other devices with on",
      );
    });
    return withPositions(one.manifest, text, found);
  });
}

/** Where its manifest has its ports: at the top, or below the table of its mode. */
function portsOf(workload: Workload, text: string): FieldPath {
  const mode: Mode = workload.runtime === "native" ? "native" : "container";
  const document = parseDocument(workload.manifest, text);
  const table = "table" in document ? document.table[mode] : undefined;
  return isTable(table) && table.ports !== undefined ? [mode, "ports"] : ["ports"];
}
