/** [pure] `depends_on`: its grammar, and what only all manifests together can show. */
import type { Dependency, Workload } from "../../model/workload.ts";
import { type Field, field, flag, oneOf, readFields, type Schema, tableSchema, text } from "../../schema/schema.ts";
import { type DiagnosticScope, isTable, quote } from "../../schema/diagnostic.ts";

const NAME = text({ expected: "the name of a workload" });

/** Of an entry of `depends_on` that is a table. */
export const DEPENDENCY_FIELDS: Field[] = [
  field("name", NAME, undefined, { required: true, doc: "Another workload", example: 'name = "db"' }),
  field("condition", oneOf("started", "healthy", "completed"), "healthy", {
    defaultText: '"healthy"',
    doc: "How far it must be",
    example: 'condition = "started"',
  }),
  field("restart", flag, false, {
    defaultText: "false",
    doc: "Whether it is started again when the other one was",
    example: "restart = true",
  }),
];

export const dependency: Schema<Dependency> = {
  expected: 'a name, or a table like { name = "db", condition = "healthy" }',
  jsonSchema: { anyOf: [NAME.jsonSchema, tableSchema(DEPENDENCY_FIELDS)] },
  read(value, scope) {
    if (!isTable(value)) {
      const name = NAME.read(value, scope);
      return name === undefined ? undefined : { name, condition: "healthy" };
    }
    const read = readFields(DEPENDENCY_FIELDS, value, { scope });
    if (read.name === undefined || read.condition === undefined) return undefined;
    const condition = read.condition as Dependency["condition"];
    return { name: read.name as string, condition, ...(read.restart === true ? { restart: true } : {}) };
  },
};

/** Of one manifest: nobody waits for himself, or for one twice. */
export function checkDependencies(
  name: string,
  given: readonly (Dependency | undefined)[],
  scope: DiagnosticScope,
): void {
  given.forEach((one, index) => {
    if (one === undefined) return;
    if (one.name === name) scope.at(index).error("is the workload itself");
    const twin = given.findIndex((other) => other?.name === one.name);
    if (twin < index) scope.at(index).error(`${quote(one.name)} is there already`);
  });
}

/**
 * A workload on a ring of dependencies, with the whole ring from it back to it; one entry for each workload on one.
 *
 * @example rings of a -> b -> a // [["a", ["a", "b", "a"]], ["b", ["b", "a", "b"]]]
 */
export function dependencyCycles(workloads: readonly Pick<Workload, "name" | "dependsOn">[]): Map<string, string[]> {
  const next = new Map(workloads.map((one) => [one.name, one.dependsOn.map((dependency) => dependency.name)]));
  const found = new Map<string, string[]>();
  for (const { name } of workloads) {
    const ring = wayBack(name, next);
    if (ring !== null) found.set(name, ring);
  }
  return found;
}

/** The shortest way from `start` back to it; breadth first, so that each name is looked at once. */
function wayBack(start: string, next: ReadonlyMap<string, readonly string[]>): string[] | null {
  const from = new Map<string, string>();
  const queue = [start];
  for (let at = 0; at < queue.length; at++) {
    const here = queue[at]!;
    for (const there of next.get(here) ?? []) {
      if (there === start) {
        const way = [start];
        for (let back = here; back !== start; back = from.get(back)!) way.unshift(back);
        return [start, ...way];
      }
      if (from.has(there)) continue;
      from.set(there, here);
      queue.push(there);
    }
  }
  return null;
}
