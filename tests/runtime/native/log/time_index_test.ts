import assert from "node:assert/strict";
import fc from "fast-check";
import { TimeIndex, type TimeMark } from "../../../../src/runtime/native/log/time_index.ts";
import { nextPoll } from "../../../../src/runtime/native/log/log_poll_interval.ts";
import { LineSplitter } from "../../../../src/runtime/native/log/log_lines.ts";

/** As a log that is looked at has them: each later than the one before, and further. */
const written = fc.array(
  fc.record({ bytes: fc.integer({ min: 1, max: 999 }), ms: fc.integer({ min: 0, max: 90_000 }) }),
)
  .map((steps) => {
    let mark: TimeMark = { position: 0, time: 1_700_000_000_000 };
    return steps.map(({ bytes, ms }) => mark = { position: mark.position + bytes, time: mark.time + ms });
  });

function marksOf(looks: readonly TimeMark[]): TimeIndex {
  const marks = new TimeIndex();
  for (const look of looks) if (marks.wants(look)) marks.add(look);
  return marks;
}

Deno.test("a time's position has behind it all that was written after it, and at most a second of what was before", () => {
  fc.assert(fc.property(written, fc.integer({ min: 0, max: 3_000_000 }), (looks, later) => {
    const since = 1_700_000_000_000 + later;
    const position = marksOf(looks).before(since);
    const after = looks.filter((look) => look.time > since);
    for (const look of after) assert.ok(position < look.position, "a write after the time is left out");
    // Of what had been written before, what is shown in spite of it is of the last second before a mark.
    const shown = looks.filter((look) => look.position > position && look.time <= since - 1020);
    const from = looks.find((look) => look.position === position)?.time ?? -Infinity;
    for (const look of shown) assert.ok(look.time - from < 1000 || from === -Infinity);
  }));
});

Deno.test("a year of output a second fits in a bounded number of marks, a hundredth of its age exact", () => {
  const marks = new TimeIndex();
  const start = 1_700_000_000_000;
  const seconds = 400_000;
  let max = 0;
  for (let second = 0; second < seconds; second++) {
    marks.add({ position: second * 100, time: start + second * 1000 });
    max = Math.max(max, marks.all.length);
  }
  assert.ok(max <= 2049, `${max} marks`);
  const now = start + seconds * 1000;
  for (const ago of [10, 1800, 36_000, 360_000]) {
    const since = now - ago * 1000;
    const tooMuch = (since - start) / 1000 - marks.before(since) / 100;
    assert.ok(tooMuch >= 0 && tooMuch <= 2 + ago / 100, `${ago} s ago: ${tooMuch} s too much`);
  }
});

Deno.test("a clock that was set back makes a time's position too early, never too late", () => {
  const marks = new TimeIndex();
  for (const [position, time] of [[10, 50_000], [20, 60_000], [30, 5000], [40, 55_000]] as const) {
    assert.ok(marks.wants({ position, time }));
    marks.add({ position, time });
  }
  assert.equal(marks.before(52_000), 10);
  assert.equal(marks.before(1), 0);
  assert.equal(marks.before(70_000), 40);
});

Deno.test("a quiet log is looked at once a second, a flooded one before a quarter of its bound is written", () => {
  const maxBytes = 10_000_000;
  assert.equal(nextPoll({ bytes: 0, ms: 1000, maxBytes }), 1000);
  assert.equal(nextPoll({ bytes: 1000, ms: 1000, maxBytes }), 1000);
  assert.equal(nextPoll({ bytes: 10_000_000, ms: 1000, maxBytes }), 250);
  assert.equal(nextPoll({ bytes: 1_000_000_000, ms: 1000, maxBytes }), 20);
});

Deno.test("lines are the same in whatever pieces they come", () => {
  const text = fc.array(fc.constantFrom("", "a", "grüß dich", "x".repeat(20_000), "\r", "\0")).map((all) =>
    all.join("\n")
  );
  fc.assert(fc.property(text, fc.array(fc.integer({ min: 1, max: 9000 })), (whole, sizes) => {
    const bytes = new TextEncoder().encode(whole);
    const read = (cuts: readonly number[]) => {
      const splitter = new LineSplitter({ torn: false });
      const lines: string[] = [];
      let at = 0;
      for (const size of [...cuts, bytes.length]) {
        lines.push(...splitter.push(bytes.subarray(at, at + size)));
        at += size;
      }
      return [...lines, splitter.rest()];
    };
    assert.deepEqual(read(sizes), read([]));
  }));
});
