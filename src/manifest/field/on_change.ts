/** [pure] `on_change`, `reload`: what follows when only files of the workload's folder changed. */
import { signalNamed } from "../../model/signal.ts";
import type { OnChange, SignalName } from "../../model/workload.ts";
import type { DiagnosticScope } from "../../schema/diagnostic.ts";
import { field, fields, type Infer } from "../../schema/field_table.ts";
import { oneOf, type Schema } from "../../schema/schema.ts";
import { shellWords } from "./shell_words.ts";
import { signalName } from "./signal.ts";

export const CHANGE_FIELDS = fields({
  on_change: field(oneOf("restart", "reload", "none"), "restart", {
    defaultText: '"restart"',
    doc: "What follows when only files of its folder changed, but for those that a container mounts alone",
    example: 'on_change = "reload"',
  }),
  reload: field(reload(), null, {
    defaultText: "SIGHUP",
    doc: "How it is told to read its files again: a signal or a command",
    example: 'reload = ["nginx", "-s", "reload"]',
  }),
});

/** Returns what follows a change of files; reports a `reload` that nothing uses. */
export function buildOnChange(read: Infer<typeof CHANGE_FIELDS>, scope: DiagnosticScope): OnChange {
  const how = read.reload ?? null;
  if (read.on_change !== "reload") {
    if (how !== null) scope.at("reload").keyError("is said, and nothing reloads", 'write on_change = "reload"');
    return { type: read.on_change === "none" ? "none" : "restart" };
  }
  if (Array.isArray(how)) return { type: "command", command: how };
  return { type: "signal", signal: how ?? "SIGHUP" };
}

function reload(): Schema<string[] | SignalName> {
  return {
    expected: 'a signal like "SIGHUP", or a command',
    jsonSchema: { anyOf: [signalName.jsonSchema, shellWords.jsonSchema] },
    read: (value, scope) => isSignal(value) ? signalName.read(value, scope) : shellWords.read(value, scope),
  };
}

/** Capital letters and numbers always mean a signal. "sighup" does too, and "signal-cli" is a command. */
function isSignal(value: unknown): boolean {
  if (typeof value !== "string") return typeof value === "bigint" || typeof value === "number";
  return /^(SIG)?[A-Z]+\d?([+-]\d+)?$/.test(value) || (/^sig/i.test(value) && signalNamed(value) !== null);
}
