/** The reference of manifests, made from the table of fields that reads them: "jsonSchema reference" for a browser. */
import { fieldsOf, SUB_TABLES } from "../../src/manifest/manifest_fields.ts";
import type { Field } from "../../src/schema/field_table.ts";
import { escaped } from "./markdown.ts";

export function manifestReference(): string {
  const [service, deployment] = [fieldsOf("service"), fieldsOf("deployment")];
  const both = service.filter((field) => deployment.includes(field));
  const own = (fields: readonly Field[]) => fields.filter((field) => !both.includes(field));
  return [
    folding("Every manifest", entries(both)),
    folding("A service alone", entries(own(service))),
    folding("A deployment alone", entries(own(deployment))),
    folding(
      "Inside of fields that are tables",
      SUB_TABLES.map(({ name, fields }) => `**${name}**\n\n${entries(fields)}`).join("\n\n"),
    ),
  ].join("\n\n");
}

/** Closed until somebody asks for it. */
export function folding(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}

function entries(fields: readonly Field[]): string {
  return fields.map(entry).join("\n");
}

function entry({ name, defaultText, required, doc, example, schema }: Field): string {
  const fallback = required === true ? "required" : escaped(defaultText);
  const choices = schema.jsonSchema.enum === undefined ? "" : `: ${schema.expected}`;
  // A digest is 64 digits, which say nothing here.
  const shownExample = `\`${example.replaceAll("0".repeat(64), "...")}\``;
  return `- \`${name}\`${fallback === "" ? "" : ` (${fallback})`}: ${escaped(doc + choices)}. ${shownExample}`;
}
