/**
 * Golden cases: `cases/*.txt` hold a path (and files beside it, "+x" for executable), a manifest, and after "---" what
 * comes of it: fields of the workload as JSON, or every problem as the command line shows it, without the file's name.
 */
import assert from "node:assert/strict";
import { readManifests } from "../../src/manifest/read_manifests.ts";
import { problemLine } from "../../src/model/problem.ts";
import type { TreeEntry } from "../../src/source/source.ts";

const CASES = new URL("cases/", import.meta.url);

for (const entry of [...Deno.readDirSync(CASES)].sort((a, b) => (a.name < b.name ? -1 : 1))) {
  const name = entry.name.replace(".txt", "").replaceAll("_", " ");
  Deno.test(`manifest case: ${name}`, async () => {
    const { path, entries, text, expected } = parseCase(await Deno.readTextFile(new URL(entry.name, CASES)));
    const tree = { entries, text: (asked: string) => asked === path ? text : undefined };
    const desired = readManifests(tree, { revision: "r", device: "pi", labels: {} });
    if (!expected.startsWith("{")) {
      const problems = desired.invalid.flatMap((manifest) => manifest.problems);
      const shown = problems.flatMap((problem) => [
        problemLine(problem).slice(`${path}:`.length),
        ...(problem.hint === undefined ? [] : [`  hint: ${problem.hint}`]),
      ]);
      assert.deepEqual(shown, expected.split("\n"));
      for (const line of shown) assert.doesNotMatch(line, /\.$|n't\b|'[^']*'[^s]/, "a message is against the rules");
      return;
    }
    assert.deepEqual(desired.invalid, []);
    const workload = desired.workloads[0] as unknown as Record<string, unknown>;
    for (const [field, value] of Object.entries(JSON.parse(expected))) assertHolds(workload[field], value, field);
  });
}

/** Of tables the named fields alone, so that a case says what it is about. */
function assertHolds(actual: unknown, expected: unknown, field: string): void {
  if (Array.isArray(expected) || expected === null || typeof expected !== "object") {
    return assert.deepEqual(actual, expected, field);
  }
  for (const [name, value] of Object.entries(expected)) {
    assertHolds((actual as Record<string, unknown> | null)?.[name], value, `${field}.${name}`);
  }
}

function parseCase(whole: string) {
  const [head, ...rest] = whole.split("\n");
  const [manifest, expected] = rest.join("\n").split("\n---\n") as [string, string];
  const words = head!.split(" ");
  const path = words[0]!;
  const directory = path.slice(0, path.indexOf("/") + 1);
  const files = words.slice(1).map((word): TreeEntry => {
    const file = word.replace(/\+x$/, "");
    return { path: directory + file, oid: file, type: "file", executable: word.endsWith("+x"), size: 1 };
  });
  const entries: TreeEntry[] = [
    { path, oid: "manifest", type: "file", executable: false, size: manifest.length },
    ...files,
  ];
  return { path, entries, text: `${manifest}\n`, expected: expected.trimEnd() };
}
