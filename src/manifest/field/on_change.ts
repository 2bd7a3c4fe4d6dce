/** [pure] What follows when only the files of a workload's folder changed. */
import type { OnChange, SignalName } from "../../model/workload.ts";
import { type Field, field, oneOf, type Schema } from "../../schema/schema.ts";
import type { DiagnosticScope, Table } from "../../schema/diagnostic.ts";
import { signalName } from "./signal.ts";
import { shellWords } from "./shell_words.ts";

export const CHANGE_FIELDS: Field[] = [
  field("on_change", oneOf("restart", "reload", "none"), "restart", {
    defaultText: '"restart"',
    doc: "What follows when only files of its folder changed",
    example: 'on_change = "reload"',
  }),
  field("reload", reload(), null, {
    defaultText: "SIGHUP",
    doc: "How it is told to read its files again: a signal or a command",
    example: 'reload = ["nginx", "-s", "reload"]',
  }),
];

export function buildOnChange(read: Table, scope: DiagnosticScope): OnChange {
  const how = read.reload as string[] | SignalName | null | undefined ?? null;
  if (read.on_change !== "reload") {
    if (how !== null) scope.at("reload").keyError("is said, and nothing reloads", 'write on_change = "reload"');
    return { type: read.on_change === "none" ? "none" : "restart" };
  }
  if (Array.isArray(how)) return { type: "command", command: how };
  return { type: "signal", signal: how ?? "SIGHUP" };
}

/** A string that is a signal's name is one; everything else is a command. */
function reload(): Schema<string[] | SignalName> {
  return {
    expected: 'a signal like "SIGHUP", or a command',
    jsonSchema: { anyOf: [signalName.jsonSchema, shellWords.jsonSchema] },
    read: (value, scope) =>
      typeof value === "string" && /^(SIG)?[A-Z]+[12]?$/.test(value)
        ? signalName.read(value, scope)
        : shellWords.read(value, scope),
  };
}
