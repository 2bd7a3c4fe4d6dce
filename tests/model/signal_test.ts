import assert from "node:assert/strict";
import { constants } from "node:os";
import { SIGNAL_NAMES, SIGNAL_SYNONYMS, signalNamed, signalNumber } from "../../src/model/signal.ts";
import { signalName } from "../../src/manifest/field/signal.ts";
import { misfits } from "../manifest/json_schema.ts";

Deno.test("signals have the numbers of this machine's kernel", () => {
  const known = Object.entries(constants.signals).filter(([name]) => name !== "SIGEMT" && name !== "SIGINFO");
  assert.ok(known.length >= 31);
  for (const [name, number] of known) assert.equal(signalNumber(signalNamed(name)!), number, name);
});

Deno.test("every number from 1 to 64 but two is a signal, and each name leads back to its number", () => {
  const numbers = SIGNAL_NAMES.map(signalNumber);
  assert.deepEqual(numbers, Array.from({ length: 64 }, (_, i) => i + 1).filter((n) => n !== 32 && n !== 33));
  for (const name of SIGNAL_NAMES) assert.equal(signalNamed(signalNumber(name)), name);
});

Deno.test("signals are read as Docker and systemd read them", () => {
  const cases: [string | number, string | null][] = [
    ["TERM", "SIGTERM"],
    ["sigterm", "SIGTERM"],
    ["WINCH", "SIGWINCH"],
    ["SIGIOT", "SIGABRT"],
    ["SIGRTMIN", "SIGRTMIN"],
    ["RTMIN+0", "SIGRTMIN"],
    ["SIGRTMIN+3", "SIGRTMIN+3"],
    ["RTMIN+30", "SIGRTMAX"],
    ["RTMIN+16", "SIGRTMAX-14"],
    ["SIGRTMAX-1", "SIGRTMAX-1"],
    ["RTMAX-30", "SIGRTMIN"],
    ["15", "SIGTERM"],
    [9, "SIGKILL"],
    [37, "SIGRTMIN+3"],
    ...["", "SIG", "0", "32", "33", "65", "-1", "RTMIN+31", "RTMAX-31", "RTMIN-1", "RTMAX+1", "SIGTREM", "constructor"]
      .map((text): [string, null] => [text, null]),
    [1.5, null],
  ];
  for (const [given, wanted] of cases) assert.equal(signalNamed(given), wanted, String(given));
});

Deno.test("the schema of a signal accepts what its reader accepts, and nothing else", () => {
  const fits = (value: unknown) => misfits(signalName.jsonSchema, value).length === 0;
  const texts = [...SIGNAL_NAMES, ...SIGNAL_SYNONYMS].flatMap((name) => [name, name.toLowerCase(), name.slice(3)]);
  const more = Array.from({ length: 70 }, (_, n) => [`RTMIN+${n}`, `sigrtmax-${n}`, String(n)]).flat();
  for (const text of [...texts, ...more, "SIGTREM", "SIG", "TERM ", ""]) {
    assert.equal(fits(text), signalNamed(text) !== null, text);
  }
});
