import assert from "node:assert/strict";
import { parseTimestamp } from "../../src/schema/timestamp.ts";

const NOW = Date.parse("2026-11-21T08:00:00Z");

Deno.test("a moment is a duration before now, or a date with a time", () => {
  for (
    const [text, time] of [
      ["10m", "2026-11-21T07:50:00Z"],
      ["1h30m", "2026-11-21T06:30:00Z"],
      ["500ms", "2026-11-21T07:59:59.500Z"],
      ["2026-11-21T07:00:00Z", "2026-11-21T07:00:00Z"],
      ["2026-11-21t07:00:00.25z", "2026-11-21T07:00:00.250Z"],
      ["2026-11-21 07:00+01:00", "2026-11-21T06:00:00Z"],
    ] as const
  ) assert.equal(parseTimestamp(text, NOW), Date.parse(time), text);
  for (const text of ["", "10", "yesterday", "2026-11-21", "2026-13-41T07:00:00Z", "-5m", "1e3s"]) {
    assert.equal(parseTimestamp(text, NOW), null, text);
  }
});
