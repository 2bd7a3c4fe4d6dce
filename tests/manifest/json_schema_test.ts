/** The table of fields against what is made of it: the schema, the reference, and the reader itself. */
import assert from "node:assert/strict";
import { parse } from "smol-toml";
import { fieldsOf } from "../../src/manifest/manifest_fields.ts";
import { readManifests } from "../../src/manifest/read_manifests.ts";
import { type Diagnostic, DiagnosticScope } from "../../src/schema/diagnostic.ts";
import { manifestSchema } from "../../src/manifest/json_schema.ts";
import type { Kind } from "../../src/model/workload.ts";
import type { TreeEntry } from "../../src/source/source.ts";
import { misfits } from "./json_schema.ts";

const KINDS = ["service", "deployment"] as const;
const LEAST: Record<Kind, string> = { service: 'command = "sleep 1"', deployment: 'image = "nginx:1.27"' };
/** What an example needs beside it to make sense. */
const CONTEXT: Record<string, string> = {
  timezone: 'schedule = "@daily"',
  timeout: 'type = "job"',
  overlap: 'type = "job"',
  missed: 'type = "job"',
  reload: 'on_change = "reload"',
};
const SECRETS = ["secrets/api-token.age", "secrets/tls-key.age"];
/** Of age's form, to no recipient that there is. */
const ENCRYPTED = btoa(
  `age-encryption.org/v1\n-> X25519 ${"A".repeat(43)}\n${"A".repeat(43)}\n--- ${"A".repeat(43)}\n`,
);
const FILES = ["serve.sh", "alive.sh", "site/index.html", "defaults.env"];

function problems(kind: Kind, text: string): string[] {
  const root = `${kind}s/web`;
  const other = `${kind}s/db.toml`;
  const entries = [`${root}.toml`, other, ...SECRETS, ...FILES.map((file) => `${root}/${file}`)]
    .map((path): TreeEntry => ({ path, type: "file", executable: true, oid: path, size: 1 }));
  const tree = {
    entries,
    text: (path: string) =>
      path === `${root}.toml` ? text : path === other ? LEAST[kind] : SECRETS.includes(path) ? ENCRYPTED : "A=1\n",
  };
  const desired = readManifests(tree, { revision: "r", device: "pi-kitchen", labels: {} });
  return desired.invalid.flatMap((manifest) =>
    manifest.problems.map((problem) => `${problem.field}: ${problem.message}`)
  );
}

for (const kind of KINDS) {
  const schema = manifestSchema(kind);

  for (const field of fieldsOf(kind)) {
    Deno.test(`the example of ${field.name} in a ${kind} can be read, and fits the schema`, () => {
      const text = field.required === true
        ? field.example
        : `${LEAST[kind]}\n${CONTEXT[field.name] ?? ""}\n${field.example}`;
      const whole = field.name === "command" && kind === "service" ? field.example : text;
      assert.deepEqual(problems(kind, whole), []);
      assert.deepEqual(misfits(schema, parse(whole)), []);
    });

    Deno.test(`the default of ${field.name} in a ${kind}, as written, says what leaving it out says`, () => {
      const written = (schema.properties as Record<string, { default?: unknown }>)[field.name]!.default;
      if (written === undefined) return;
      const diagnostics: Diagnostic[] = [];
      assert.deepEqual(field.schema.read(written, new DiagnosticScope(diagnostics)), field.default);
      assert.deepEqual(diagnostics, []);
    });
  }

  Deno.test(`what the schema of a ${kind} refuses, the reader refuses`, () => {
    const wrong = [
      "",
      `${LEAST[kind]}\nunknown = 1`,
      `${LEAST[kind]}\nreplicas = 0`,
      `${LEAST[kind]}\nreplicas = 1.5`,
      `${LEAST[kind]}\nrestart = "sometimes"`,
      `${LEAST[kind]}\nstop_timeout = 10`,
      `${LEAST[kind]}\nenv = { "A B" = 1 }`,
      `${LEAST[kind]}\nenv = { A = [] }`,
      `${LEAST[kind]}\nhealth = { pth = "/" }`,
      `${LEAST[kind]}\nresources = { memory = 64 }`,
      `${LEAST[kind]}\nports = [{ nme = "x" }]`,
      `${LEAST[kind]}\nports = [-1]`,
      `${LEAST[kind]}\non = ["!"]`,
      `${LEAST[kind]}\nname = "Web"`,
    ];
    for (const text of wrong) {
      assert.notDeepEqual(misfits(schema, parse(text)), [], text);
      assert.notDeepEqual(problems(kind, text), [], text);
    }
    assert.deepEqual(misfits(schema, parse(`${LEAST[kind]}\nx-own = { any = 1 }`)), []);
  });
}

Deno.test("the golden manifests that can be read fit their schema", async () => {
  const folder = new URL("cases/", import.meta.url);
  let count = 0;
  for await (const entry of Deno.readDir(folder)) {
    const [head, ...rest] = (await Deno.readTextFile(new URL(entry.name, folder))).split("\n");
    const [text, expected] = rest.join("\n").split("\n---\n") as [string, string];
    if (!expected.startsWith("{")) continue;
    const kind = head!.startsWith("services/") ? "service" : "deployment";
    assert.deepEqual(misfits(manifestSchema(kind), parse(text, { integersAsBigInt: "asNeeded" })), [], entry.name);
    count++;
  }
  assert.ok(count >= 10);
});
