/** [pure] What follows when only the files of a workload's folder changed. */
import type { OnChange, SignalName } from "../../model/workload.ts";
import { signalNamed } from "../../model/process/signal.ts";
import { type Field, field, type Grammar, oneOf } from "../grammar.ts";
import type { Place, Table } from "../place.ts";
import { signalName } from "./signal.ts";
import { words } from "./words.ts";

export const CHANGE_FIELDS: Field[] = [
  field("on_change", oneOf("restart", "reload", "none"), "restart", {
    shown: '"restart"',
    doc:
      "What follows when only files of its folder changed; a file that a container mounts alone needs a new container",
    example: 'on_change = "reload"',
  }),
  field("reload", reload(), null, {
    shown: "SIGHUP",
    doc: "How it is told to read its files again: a signal or a command",
    example: 'reload = ["nginx", "-s", "reload"]',
  }),
];

export function buildOnChange(read: Table, place: Place): OnChange {
  const how = read.reload as string[] | SignalName | null | undefined ?? null;
  if (read.on_change !== "reload") {
    if (how !== null) place.at("reload").reportKey("is said, and nothing reloads", 'write on_change = "reload"');
    return { type: read.on_change === "none" ? "none" : "restart" };
  }
  if (Array.isArray(how)) return { type: "command", command: how };
  return { type: "signal", signal: how ?? "SIGHUP" };
}

function reload(): Grammar<string[] | SignalName> {
  return {
    wants: 'a signal like "SIGHUP", or a command',
    schema: { anyOf: [signalName.schema, words.schema] },
    read: (value, place) => isSignal(value) ? signalName.read(value, place) : words.read(value, place),
  };
}

/** Capital letters and numbers always mean a signal. "sighup" does too, and "signal-cli" is a command. */
function isSignal(value: unknown): boolean {
  if (typeof value !== "string") return typeof value === "bigint" || typeof value === "number";
  return /^(SIG)?[A-Z]+\d?([+-]\d+)?$/.test(value) || (/^sig/i.test(value) && signalNamed(value) !== null);
}
