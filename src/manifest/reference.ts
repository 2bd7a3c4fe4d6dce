/** [pure] The reference of manifest fields as Markdown, made from the table of fields. */
import type { Kind } from "../model/workload.ts";
import { fieldsOf, SUB_TABLES } from "./fields.ts";
import type { Field } from "./grammar.ts";

export function manifestReference(): string {
  const kind = (name: Kind, folder: string) => [
    `## A ${name}: \`${folder}/NAME.toml\``,
    "",
    ...rows(fieldsOf(name)),
    "",
  ];
  return [
    "# Manifest reference",
    "",
    ...kind("service", "services"),
    ...kind("deployment", "deployments"),
    ...SUB_TABLES.flatMap(({ name, fields }) => [`## Inside of ${name}`, "", ...rows(fields), ""]),
    "Names that begin with `x-` are free for your own use.",
  ].join("\n");
}

function rows(fields: readonly Field[]): string[] {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  return [
    "| field | default | what it is | example |",
    "| --- | --- | --- | --- |",
    ...fields.map(({ name, shown, required, doc, example }) => {
      const fallback = required === true ? "required" : shown === "" ? "none" : shown;
      return `| \`${name}\` | ${cell(fallback)} | ${cell(doc)} | \`${cell(example)}\` |`;
    }),
  ];
}
