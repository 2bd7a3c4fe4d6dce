/** The reference of manifest fields, made from their table: Markdown that a terminal of 80 columns shows as it is. */
import { fieldsOf, SUB_TABLES } from "../../manifest/manifest_fields.ts";
import type { Field } from "../../schema/field_table.ts";
import { wrap } from "./wrap.ts";

const HEAD = `A manifest is services/NAME.toml with its files in services/NAME/, or deployments/NAME.toml with its in
deployments/NAME/. What stands in brackets is what leaving the field out means. Durations are "500ms", "10s", "1m30s";
sizes "64Mi" (binary) or "64M" (decimal). Names that begin with x- are free for your own use.`;

const FOUND = `It begins in its folder of files; they come from git, and are not for writing. What it keeps belongs into
$STATE_DIRECTORY, which no pass ever deletes. Its environment has PATH, LANG, HOME, USER, LOGNAME, HARBORNODE_WORKLOAD
and HARBORNODE_SLOT, PORT and PORT_<NAME> for its ports, ARTIFACT_DIRECTORY where it has an artifact, and what env says.
In command, env and the command of health, \${ports.NAME} is the number of a port.`;

export function formatReference(): string {
  const [service, deployment] = [fieldsOf("service"), fieldsOf("deployment")];
  const both = service.filter((field) => deployment.includes(field));
  const own = (fields: readonly Field[]) => fields.filter((field) => !both.includes(field));
  return [
    "# Manifest reference",
    paragraph(HEAD),
    section("Every manifest", both),
    section("A service alone: services/NAME.toml", own(service)),
    "## What a service finds",
    paragraph(FOUND),
    section("A deployment alone: deployments/NAME.toml", own(deployment)),
    ...SUB_TABLES.map(({ name, fields }) => section(`Inside of ${name}`, fields)),
  ].join("\n\n");
}

function paragraph(text: string): string {
  return wrap(text.replaceAll("\n", " "), 0).join("\n");
}

function section(title: string, fields: readonly Field[]): string {
  return [`## ${title}`, "", ...fields.map(entry)].join("\n");
}

/** Its name and default and what it is; then an example. */
function entry({ name, defaultText, required, doc, example, schema }: Field): string {
  const fallback = required ? "required" : defaultText;
  const choices = schema.jsonSchema.enum === undefined ? "" : `: ${schema.expected}`;
  return [
    ...wrap(`- \`${name}\`${fallback === "" ? "" : ` (${fallback})`}: ${doc}${choices}`, 2),
    // A digest is 64 digits, which say nothing here.
    `  \`${example.replaceAll("0".repeat(64), "...")}\``,
  ].join("\n");
}
