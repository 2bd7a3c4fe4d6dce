/**
 * [pure] URLs of downloads. A URL may hold a secret by mistake, so a message never quotes what is before an "@" or behind
 * a "?".
 */
import type { DiagnosticScope } from "../../schema/diagnostic.ts";
import type { Schema } from "../../schema/schema.ts";
import { quote } from "../../schema/toml_value.ts";

const EXPECTED = 'a URL like "https://example.org/app.tar.gz"';
const PATTERN = /^https?:\/\/[^/@?#\s]+([/?#]\S*)?$/;

/** An http or https URL in which "${arch}" and the like are not resolved yet. */
export const url: Schema<string> = {
  expected: EXPECTED,
  jsonSchema: { type: "string", pattern: PATTERN.source },
  read(value, scope) {
    if (typeof value !== "string") return scope.mismatch(value, EXPECTED);
    if (/^[^/?#]*(\/\/)?[^/?#]*@/.test(value)) {
      return scope.error(
        "holds a user name or password, and everybody who reads the repository would have it",
        "take it out: artifacts are downloaded without credentials",
      );
    }
    if (PATTERN.test(value) && URL.canParse(value.replace(/\$\{\w*\}/g, "x"))) return value;
    return scope.error(`is ${value.includes("?") ? "another text" : quote(value)}, wanted ${EXPECTED}`);
  },
};

/** Replaces every "${...}"; returns undefined after it reported one without a value. */
export function resolveUrl(
  template: string,
  { values, scope }: { values: Record<string, string | null>; scope: DiagnosticScope },
): string | undefined {
  const names = [...template.matchAll(/\$\{([^}]*)\}/g)].map(([, name]) => name!);
  for (const name of names) {
    if (!Object.hasOwn(values, name)) {
      return scope.error(`there is no ${quote(`\${${name}}`)}`, "${arch}, ${version} and ${name} are there");
    }
    if (values[name] === null) {
      return scope.error(`has \${${name}}, and no ${name} is given`, 'write version = "1.2.0"');
    }
  }
  const resolved = template.replace(/\$\{([^}]*)\}/g, (_, name) => encodeURIComponent(values[name]!));
  return URL.canParse(resolved) ? new URL(resolved).href : scope.error(`is no URL once it is complete`);
}

/** Returns the last part of the path, decoded; empty for none. */
export function fileName(href: string): string {
  const last = new URL(href).pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
