/** [pure] Signals of signal(7), by name or number. */
import { SIGNAL_NAMES, SIGNAL_SYNONYMS, type SignalName, signalNamed } from "../../model/signal.ts";
import type { Schema } from "../../schema/schema.ts";
import { suggest } from "../../schema/suggest.ts";

const EXPECTED = 'a signal like "SIGTERM", "SIGWINCH" or "SIGRTMIN+3"';
const NAMES = [...SIGNAL_NAMES, ...SIGNAL_SYNONYMS];

export const signalName: Schema<SignalName> = {
  expected: EXPECTED,
  jsonSchema: {
    anyOf: [
      // For an editor that suggests values. The pattern accepts the rest: other case, and other names of real-time signals.
      { enum: [...NAMES, ...NAMES.map((name) => name.slice("SIG".length))] },
      { type: "string", pattern: signalPattern() },
      { type: "integer", minimum: 1, maximum: 64 },
    ],
  },
  read(value, scope) {
    const given = typeof value === "bigint" ? Number(value) : value;
    const signal = typeof given === "string" || typeof given === "number" ? signalNamed(given) : null;
    return signal ?? scope.mismatch(value, EXPECTED, hint(given));
  },
};

function hint(given: unknown): string | undefined {
  if (given === 32 || given === 33) return "use 34 (SIGRTMIN) or above: the C library keeps 32 and 33 for its threads";
  if (typeof given !== "string" || given === "") return undefined;
  const isShort = !/^sig/i.test(given);
  const close = suggest(given, isShort ? NAMES.map((name) => name.slice("SIG".length)) : NAMES);
  return close === null ? 'run "kill -l" for a list of signals' : `did you mean "${close}"?`;
}

/** Returns a pattern that matches names in any case: JSON Schema has no flag for that. */
function signalPattern(): string {
  const anyCase = (text: string) => text.replace(/[A-Z]/g, (letter) => `[${letter}${letter.toLowerCase()}]`);
  const names = NAMES.filter((name) => !name.startsWith("SIGRT")).map((name) => anyCase(name.slice("SIG".length)));
  const realTime = `${anyCase("RTMIN")}(\\+([0-9]|[12][0-9]|30))?|${anyCase("RTMAX")}(-([0-9]|[12][0-9]|30))?`;
  return `^(${anyCase("SIG")})?(${names.join("|")}|${realTime})$|^([1-9]|[12][0-9]|3[014-9]|[45][0-9]|6[0-4])$`;
}
