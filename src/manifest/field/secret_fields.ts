/** [pure] Secrets of a workload: where a manifest names them, and what they come to. */
import type { Secret } from "../../model/secret.ts";
import { AGE_PREFIX, type AgeText, readAge } from "../age_text.ts";
import { type Field, field, readFields, type Schema, tableSchema, text } from "../../schema/schema.ts";
import { suggest } from "../../schema/suggest.ts";
import { type DiagnosticScope, isTable, quote, type Table } from "../../schema/diagnostic.ts";
import type { TreeEntry } from "../../source/source.ts";

/** Where a container finds them; a process in a folder of its own. */
export const CONTAINER_CREDENTIALS = "/run/secrets";

export const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const PATH = /^secrets\/([^/]+)\.age$/;

const secretName = text({
  pattern: SECRET_NAME,
  expected: "letters, digits, . _ and -, like the file secrets/NAME.age",
});

/** By name, what the files of `secrets/` hold. */
export type SecretFiles = ReadonlyMap<string, AgeText>;

/** The files whose content must be loaded, as base64. */
export function secretPaths(entries: readonly TreeEntry[]): string[] {
  return entries.filter(({ type, path }) => type === "file" && PATH.test(path)).map(({ path }) => path);
}

export function readSecretFiles(
  entries: readonly TreeEntry[],
  content: (path: string) => string | undefined,
): SecretFiles {
  const link: AgeText = { problem: "is a link, which is not followed", hint: "put the file itself there" };
  return new Map(entries.flatMap(({ path, type }) => {
    const name = PATH.exec(path)?.[1];
    return name === undefined ? [] : [[name, type === "file" ? readAge(content(path) ?? "") : link]];
  }));
}

/** A value that is in a file of `secrets/`. */
export interface SecretReference {
  secret: string;
}

const REFERENCE_FIELDS: Field[] = [
  field("secret", secretName, undefined, {
    required: true,
    doc: "Which file of secrets/ holds it",
    example: 'secret = "db-password"',
  }),
];

/** What TOML can say in one word, or where it is encrypted. */
export const envValue: Schema<string | SecretReference> = {
  expected: "strings, numbers and true or false",
  jsonSchema: {
    anyOf: [{ type: ["string", "number", "boolean"] }, tableSchema(REFERENCE_FIELDS)],
  },
  read(value, scope) {
    if (isTable(value) && Object.keys(value).some((key) => suggest(key, ["secret"]) !== null)) {
      const { secret } = readFields(REFERENCE_FIELDS, value, { scope });
      return secret === undefined ? undefined : { secret: secret as string };
    }
    if (typeof value === "string") {
      return value.includes("\0") ? scope.error("holds a NUL character, which no environment can") : value;
    }
    const plain = typeof value === "bigint" || typeof value === "boolean" || Number.isFinite(value);
    if (plain) return String(value);
    return scope.error(`is ${quote(value)}, wanted a string, a number, true or false`);
  },
};

/** Never quoted: somebody may write the plaintext here. */
const ageValue: Schema<string> = {
  expected: `a value that begins with "${AGE_PREFIX}"`,
  jsonSchema: { type: "string", pattern: `^${AGE_PREFIX}` },
  read(value, scope) {
    if (typeof value === "string" && value.startsWith(AGE_PREFIX)) return value;
    return scope.error(`does not begin with "${AGE_PREFIX}"`, "make it with: harbornode secret encrypt --to DEVICE");
  },
};

/** Of an entry of `secrets` that is a table. */
export const SECRET_FIELDS: Field[] = [
  field("name", secretName, undefined, {
    required: true,
    doc: "The file in $CREDENTIALS_DIRECTORY",
    example: 'name = "key.pem"',
  }),
  field("secret", secretName, null, {
    defaultText: "its name",
    doc: "Which file of secrets/ holds it",
    example: 'secret = "web-key"',
  }),
  field("value", ageValue, null, {
    doc: 'In place of a file of secrets/: the encrypted value, "age:..."',
    example: 'value = "age:YWdlLWVuY3J5cHRpb24..."',
  }),
];

interface SecretFile {
  name: string;
  from: string | SecretReference;
}

export const secretFile: Schema<SecretFile> = {
  expected: 'a name, or a table like { name = "key.pem", secret = "web-key" }',
  jsonSchema: { anyOf: [secretName.jsonSchema, tableSchema(SECRET_FIELDS)] },
  read(value, scope) {
    if (!isTable(value)) {
      const name = secretName.read(value, scope);
      return name === undefined ? undefined : { name, from: { secret: name } };
    }
    const { name, secret, value: inline } = readFields(SECRET_FIELDS, value, { scope }) as Record<string, string>;
    if (name === undefined || secret === undefined || inline === undefined) return undefined;
    if (secret !== null && inline !== null) scope.at("value").keyError("is said beside secret", "keep one of the two");
    return { name, from: inline ?? { secret: secret ?? name } };
  },
};

/** What is plain of the environment, and what is encrypted of the whole workload. */
export function buildSecrets(
  read: Table,
  { env, files, scope }: { env: Readonly<Record<string, string>>; files: SecretFiles; scope: DiagnosticScope },
): { env: Record<string, string>; secrets: Secret[] } {
  const own = (read.env ?? {}) as Record<string, string | SecretReference>;
  const plain: [string, string][] = [];
  const secrets: Secret[] = [];
  const add = (target: Secret["target"], { from, at }: { from: string | SecretReference; at: DiagnosticScope }) => {
    const found = typeof from === "string" ? readAge(from.slice(AGE_PREFIX.length)) : named(from, { files, at });
    if (found === undefined) return;
    if ("problem" in found) return at.error(found.problem, found.hint);
    const source = typeof from === "string" ? null : from.secret;
    secrets.push({ target, source, ciphertext: found.ciphertext, digest: null });
  };
  for (const [name, value] of Object.entries({ ...env, ...own })) {
    if (typeof value === "string" && !value.startsWith(AGE_PREFIX)) plain.push([name, value]);
    else {add({ type: "env", name }, {
        from: value,
        at: Object.hasOwn(own, name) ? scope.at("env").at(name) : scope.at("env_file"),
      });}
  }
  const listed = (read.secrets ?? []) as (SecretFile | undefined)[];
  listed.forEach((one, index) => {
    const at = scope.at("secrets").at(index);
    if (one === undefined) return;
    if (listed.findIndex((other) => other?.name === one.name) < index) at.error(`${quote(one.name)} is there already`);
    else add({ type: "file", name: one.name }, { from: one.from, at });
  });
  return { env: Object.fromEntries(plain), secrets };
}

function named(
  { secret }: SecretReference,
  { files, at }: { files: SecretFiles; at: DiagnosticScope },
): AgeText | undefined {
  const found = files.get(secret);
  if (found === undefined) {
    const close = suggest(secret, [...files.keys()]);
    const make = `make secrets/${secret}.age with: harbornode secret encrypt --to DEVICE --name ${secret}`;
    return at.error(`there is no secret ${quote(secret)}`, close === null ? make : `did you mean "${close}"?`);
  }
  return "problem" in found ? { ...found, problem: `secrets/${secret}.age ${found.problem}` } : found;
}
