/** [pure] `env`, `secrets`: plain and encrypted values of a workload, and the files of `secrets/` that they name. */
import type { Secret } from "../../model/secret_reference.ts";
import type { DiagnosticScope } from "../../schema/diagnostic.ts";
import { field, fields, readFields, required, tableSchema } from "../../schema/field_table.ts";
import { type Schema, text } from "../../schema/schema.ts";
import { suggest } from "../../schema/suggest.ts";
import { isTable, quote } from "../../schema/toml_value.ts";
import type { TreeEntry } from "../../source/source.ts";
import { AGE_PREFIX, type AgeText, readAge } from "../age_text.ts";
import { MAX_SECRET_FILE_BYTES, sizeText } from "../manifest_limits.ts";

/** Directory of the secrets in a container. A process has a directory of its own. */
export const CONTAINER_CREDENTIALS = "/run/secrets";

export const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const PATH = /^secrets\/([^/]+)\.age$/;

const secretName = text({
  pattern: SECRET_NAME,
  expected: "letters, digits, . _ and -, like the file secrets/NAME.age",
});

/** Content of the files of `secrets/`, by name. */
export type SecretFiles = ReadonlyMap<string, AgeText>;

/** Returns the paths of the files of `secrets/`, whose content must be loaded as base64; skips those over their limit. */
export function secretPaths(entries: readonly TreeEntry[]): string[] {
  return entries.filter(({ type, path, size }) => type === "file" && PATH.test(path) && size <= MAX_SECRET_FILE_BYTES)
    .map(({ path }) => path);
}

/** Reads every file of `secrets/`; a wrong one is a problem of the workloads that use it only. */
export function readSecretFiles(
  entries: readonly TreeEntry[],
  content: (path: string) => string | undefined,
): SecretFiles {
  const link: AgeText = { problem: "is a link, which is not followed", hint: "put the file itself there" };
  const tooLarge: AgeText = {
    problem: `is over ${sizeText(MAX_SECRET_FILE_BYTES)}`,
    hint: "encrypt a key to it, and bring it as an artifact",
  };
  return new Map(entries.flatMap(({ path, type, size }) => {
    const name = PATH.exec(path)?.[1];
    if (name === undefined) return [];
    if (type === "file" && size > MAX_SECRET_FILE_BYTES) return [[name, tooLarge]];
    return [[name, type === "file" ? readAge(content(path) ?? "") : link]];
  }));
}

/** Refers to a file of `secrets/` by its name. */
export interface SecretReference {
  secret: string;
}

const REFERENCE_FIELDS = fields({
  secret: required(secretName, {
    doc: "Which file of secrets/ holds it",
    example: 'secret = "db-password"',
  }),
});

/** A plain value as a string, an encrypted one ("age:..."), or a reference. */
export const envValue: Schema<string | SecretReference> = {
  expected: "strings, numbers and true or false",
  jsonSchema: {
    anyOf: [{ type: ["string", "number", "boolean"] }, tableSchema(REFERENCE_FIELDS)],
  },
  read(value, scope) {
    if (isTable(value) && Object.keys(value).some((key) => suggest(key, ["secret"]) !== null)) {
      const { secret } = readFields(REFERENCE_FIELDS, value, { scope });
      return secret === undefined ? undefined : { secret };
    }
    if (typeof value === "string") {
      return value.includes("\0") ? scope.error("holds a NUL character, which no environment can") : value;
    }
    const isPlain = typeof value === "bigint" || typeof value === "boolean" || Number.isFinite(value);
    if (isPlain) return String(value);
    return scope.mismatch(value, "a string, a number, true or false");
  },
};

/** An encrypted value. It is never quoted: an author may have written the plaintext here. */
const ageValue: Schema<string> = {
  expected: `a value that begins with "${AGE_PREFIX}"`,
  jsonSchema: { type: "string", pattern: `^${AGE_PREFIX}` },
  read(value, scope) {
    if (typeof value === "string" && value.startsWith(AGE_PREFIX)) return value;
    return scope.error(`does not begin with "${AGE_PREFIX}"`, "make it with: harbornode secret encrypt --to DEVICE");
  },
};

/** Fields of an entry of `secrets` that is a table. */
export const SECRET_FIELDS = fields({
  name: required(secretName, {
    doc: "The file in $CREDENTIALS_DIRECTORY",
    example: 'name = "key.pem"',
  }),
  secret: field(secretName, null, {
    defaultText: "its name",
    doc: "Which file of secrets/ holds it",
    example: 'secret = "web-key"',
  }),
  value: field(ageValue, null, {
    doc: 'In place of a file of secrets/: the encrypted value, "age:..."',
    example: 'value = "age:YWdlLWVuY3J5cHRpb24..."',
  }),
});

/** A file of $CREDENTIALS_DIRECTORY: encrypted in place, or in a file of `secrets/`. */
export interface SecretFile {
  name: string;
  from: string | SecretReference;
}

/** A name, or a table. */
export const secretFile: Schema<SecretFile> = {
  expected: 'a name, or a table like { name = "key.pem", secret = "web-key" }',
  jsonSchema: { anyOf: [secretName.jsonSchema, tableSchema(SECRET_FIELDS)] },
  read(value, scope) {
    if (!isTable(value)) {
      const name = secretName.read(value, scope);
      return name === undefined ? undefined : { name, from: { secret: name } };
    }
    const { name, secret, value: inline } = readFields(SECRET_FIELDS, value, { scope });
    if (name === undefined || secret === undefined || inline === undefined) return undefined;
    if (secret !== null && inline !== null) scope.at("value").keyError("is said beside secret", "keep one of the two");
    return { name, from: inline ?? { secret: secret ?? name } };
  },
};

interface SecretsRead {
  env: Record<string, string | SecretReference> | undefined;
  secrets: readonly (SecretFile | undefined)[] | undefined;
}

interface SecretsContext {
  /** Values of the files of `env_file`. */
  env: Readonly<Record<string, string>>;
  files: SecretFiles;
  scope: DiagnosticScope;
}

/** Separates the plain values of the environment from the secrets of the workload. */
export function buildSecrets(
  read: SecretsRead,
  { env, files, scope }: SecretsContext,
): { env: Record<string, string>; secrets: Secret[] } {
  const own = read.env ?? {};
  const plain: [string, string][] = [];
  const secrets: Secret[] = [];
  const add = (target: Secret["target"], { from, at }: { from: string | SecretReference; at: DiagnosticScope }) => {
    const age = typeof from === "string" ? readAge(from.slice(AGE_PREFIX.length)) : referenced(from, { files, at });
    if (age === undefined) return;
    if ("problem" in age) return at.error(age.problem, age.hint);
    const source = typeof from === "string" ? null : from.secret;
    secrets.push({ target, source, ciphertext: age.ciphertext, digest: null });
  };
  for (const [name, value] of Object.entries({ ...env, ...own })) {
    if (typeof value === "string" && !value.startsWith(AGE_PREFIX)) {
      plain.push([name, value]);
      continue;
    }
    const at = Object.hasOwn(own, name) ? scope.at("env").at(name) : scope.at("env_file");
    add({ type: "env", name }, { from: value, at });
  }
  const listed = read.secrets ?? [];
  listed.forEach((secret, index) => {
    if (secret === undefined) return;
    const at = scope.at("secrets").at(index);
    const isDuplicate = listed.findIndex((other) => other?.name === secret.name) < index;
    if (isDuplicate) at.error(`${quote(secret.name)} is there already`);
    else add({ type: "file", name: secret.name }, { from: secret.from, at });
  });
  return { env: Object.fromEntries(plain), secrets };
}

/** Returns the content of a file of `secrets/`, or undefined after it reported that there is no such file. */
function referenced(
  { secret }: SecretReference,
  { files, at }: { files: SecretFiles; at: DiagnosticScope },
): AgeText | undefined {
  const age = files.get(secret);
  if (age === undefined) {
    const close = suggest(secret, [...files.keys()]);
    const make = `make secrets/${secret}.age with: harbornode secret encrypt --to DEVICE --name ${secret}`;
    return at.error(`there is no secret ${quote(secret)}`, close === null ? make : `did you mean "${close}"?`);
  }
  return "problem" in age ? { ...age, problem: `secrets/${secret}.age ${age.problem}` } : age;
}
