/** What a bad line, a broken proxy or an attacker makes of what a git server says. */
import fc from "fast-check";
import type { Fault } from "../support/git_server.ts";

const at = fc.constantFrom<NonNullable<Fault["at"]>>("refs", "pack");
const share = fc.double({ min: 0, max: 1, noNaN: true });
const few = fc.integer({ min: 0, max: 400 });

type Bytes = Uint8Array<ArrayBuffer>;

/** Bits turned, each at its share of the way through. */
const flipped = fc.array(fc.tuple(share, fc.nat({ max: 7 })), { minLength: 1, maxLength: 4 }).map(
  (bits) => (bytes: Bytes) => {
    const changed = bytes.slice();
    for (const [part, bit] of bits) {
      const index = Math.min(changed.length - 1, Math.floor(part * changed.length));
      if (index >= 0) changed[index] = changed[index]! ^ (1 << bit);
    }
    return changed;
  },
);

/** A piece left out, sent twice, or in the place of another. */
const spliced = fc.tuple(share, share, fc.integer({ min: 1, max: 64 }), fc.constantFrom("out", "twice", "over"))
  .map(([part, from, length, how]) => (bytes: Bytes) => {
    const [to, start] = [Math.floor(part * bytes.length), Math.floor(from * bytes.length)];
    if (how === "out") return joined(bytes.slice(0, to), bytes.slice(to + length));
    const piece = bytes.slice(start, start + length);
    return joined(bytes.slice(0, to), piece, bytes.slice(how === "over" ? to + piece.length : to));
  });

/** Words that mean something to who reads the protocol. */
const WORDS = [
  "0000",
  "0001",
  "0002",
  "0004",
  "ffff",
  "fff0",
  "zzzz",
  "-001",
  "000bERR \u001b[2J",
  "001e# service=git-upload-pack\n",
  "0009\u0003\u001b]0;x\u0007",
  "shallow ",
  "PACK\0\0\0\u0002\uffff",
  "\0".repeat(64),
  "unborn HEAD symref-target:refs/heads/x",
];
const inserted = fc.tuple(share, fc.constantFrom(...WORDS)).map(([part, word]) => (bytes: Bytes) => {
  const to = Math.floor(part * bytes.length);
  return joined(bytes.slice(0, to), new TextEncoder().encode(word), bytes.slice(to));
});
const random = fc.uint8Array({ maxLength: 300 }).map((other) => () => new Uint8Array(other));

function joined(...parts: Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let index = 0;
  for (const part of parts) {
    all.set(part, index);
    index += part.length;
  }
  return all;
}

const change = fc.oneof({ weight: 3, arbitrary: flipped }, { weight: 2, arbitrary: spliced }, inserted, random);

/** `stall` and `hang` take until the deadline of who asks, so there are few of them. */
export const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constant("change" as const), at, change }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("cut" as const), at, afterBytes: few }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("shorten" as const), at, bytes: few }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom("truncate" as const, "page" as const), at }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("status" as const), at, status: fc.integer({ min: 200, max: 599 }) })
      .filter(({ status }) => ![204, 205, 304].includes(status)),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom("stall" as const), at, afterBytes: few }) },
);

/** For a message that says which it was. */
export function faultText(one: Fault): string {
  return JSON.stringify(one, (_, value) => typeof value === "function" ? String(value) : value);
}
