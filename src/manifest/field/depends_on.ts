/** [pure] `depends_on`: its grammar, and what only all manifests together can show. */
import type { Dependency, Workload } from "../../model/workload.ts";
import type { DiagnosticScope } from "../../schema/diagnostic.ts";
import { field, fields, readFields, required, tableSchema } from "../../schema/field_table.ts";
import { flag, oneOf, type Schema, text } from "../../schema/schema.ts";
import { isTable, quote } from "../../schema/toml_value.ts";

const NAME = text({ expected: "the name of a workload" });

/** Fields of an entry of `depends_on` that is a table. */
export const DEPENDENCY_FIELDS = fields({
  name: required(NAME, { doc: "Another workload", example: 'name = "db"' }),
  condition: field(oneOf("started", "healthy", "completed"), "healthy", {
    defaultText: '"healthy"',
    doc: "How far it must be",
    example: 'condition = "started"',
  }),
  restart: field(flag, false, {
    defaultText: "false",
    doc: "Whether it is started again when the other one was",
    example: "restart = true",
  }),
});

/** The name of a workload, or a table. */
export const dependency: Schema<Dependency> = {
  expected: 'a name, or a table like { name = "db", condition = "healthy" }',
  jsonSchema: { anyOf: [NAME.jsonSchema, tableSchema(DEPENDENCY_FIELDS)] },
  read(value, scope) {
    if (!isTable(value)) {
      const name = NAME.read(value, scope);
      return name === undefined ? undefined : { name, condition: "healthy" };
    }
    const { name, condition, restart } = readFields(DEPENDENCY_FIELDS, value, { scope });
    if (name === undefined || condition === undefined) return undefined;
    return { name, condition, ...(restart === true ? { restart: true } : {}) };
  },
};

/** Reports a workload that depends on itself, or twice on another one. `dependencies` may have holes. */
export function checkDependencies(
  name: string,
  dependencies: readonly (Dependency | undefined)[],
  scope: DiagnosticScope,
): void {
  dependencies.forEach((dependency, index) => {
    if (dependency === undefined) return;
    if (dependency.name === name) scope.at(index).error("is the workload itself");
    const twin = dependencies.findIndex((other) => other?.name === dependency.name);
    if (twin < index) scope.at(index).error(`${quote(dependency.name)} is there already`);
  });
}

/**
 * Returns the shortest cycle through each workload that lies on one, from the workload back to itself.
 *
 * @example dependencyCycles of a -> b -> a // [["a", ["a", "b", "a"]], ["b", ["b", "a", "b"]]]
 */
export function dependencyCycles(workloads: readonly Pick<Workload, "name" | "dependsOn">[]): Map<string, string[]> {
  const next = new Map(workloads.map((workload) => [workload.name, workload.dependsOn.map(({ name }) => name)]));
  const cycles = new Map<string, string[]>();
  for (const { name } of workloads) {
    const cycle = shortestCycle(name, next);
    if (cycle !== null) cycles.set(name, cycle);
  }
  return cycles;
}

/** Searches breadth first, so that each name is visited once. */
function shortestCycle(start: string, next: ReadonlyMap<string, readonly string[]>): string[] | null {
  const from = new Map<string, string>();
  const queue = [start];
  for (let at = 0; at < queue.length; at++) {
    const here = queue[at]!;
    for (const there of next.get(here) ?? []) {
      if (there === start) {
        const cycle = [start];
        for (let back = here; back !== start; back = from.get(back)!) cycle.unshift(back);
        return [start, ...cycle];
      }
      if (from.has(there)) continue;
      from.set(there, here);
      queue.push(there);
    }
  }
  return null;
}
