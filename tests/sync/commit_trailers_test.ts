import assert from "node:assert/strict";
import { checkTrailers, RevisionDelayed, trailersOf } from "../../src/sync/commit_trailers.ts";
import { Failure } from "../../src/failure.ts";

const HEADERS = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\n";
const TARGET = { device: "pi-kitchen", labels: { room: "kitchen" } };
const NOW = Date.parse("2026-11-21T12:00Z");

function commit(message: string): Uint8Array {
  return new TextEncoder().encode(HEADERS + message);
}

/** "applied", or what is said. */
function check(trailer: string): string {
  try {
    checkTrailers({ id: "a".repeat(40), commit: commit(`Subject\n\nWhy.\n\n${trailer}\nSigned-off-by: A\n`) }, {
      target: TARGET,
      now: NOW,
    });
    return "applied";
  } catch (error) {
    assert.ok(error instanceof Failure);
    return `${error instanceof RevisionDelayed ? "delayed" : error.kind} ${error.reason}: ${error.message}`;
  }
}

Deno.test("trailers are the last paragraph of a message, whatever the case of their names", () => {
  const found = trailersOf(
    commit("Subject: not one\n\nBody: neither\n\nHARBORNODE-Skip: a\nharbornode-skip:  b \nrest\n"),
  );
  assert.deepEqual([...found], [["harbornode-skip", "b"]]);
  assert.equal(trailersOf(commit("HarborNode-Skip: true\n")).size, 0);
  assert.equal(trailersOf(commit("")).size, 0);
});

const CASES: [string, RegExp][] = [
  ["Reviewed-by: me", /^applied$/],
  ["HarborNode-Skip: true", /^delayed revision_skipped: Revision aaaaaaa is skipped: .*"true"/],
  ["HarborNode-Skip: pi-*", /^delayed revision_skipped/],
  ["HarborNode-Skip: pi-lab, room=kitchen", /^delayed revision_skipped/],
  ["HarborNode-Skip: pi-lab", /^applied$/],
  ["HarborNode-Skip: false", /^applied$/],
  [
    "HarborNode-Delay-Until: 2026-12-01T03:00Z",
    /^delayed revision_delayed: Revision aaaaaaa is delayed until 2026-12-01 03:00 UTC/,
  ],
  ["HarborNode-Delay-Until: 2026-12-01 03:00", /^delayed revision_delayed: .*2026-12-01 03:00 UTC/],
  ["HarborNode-Delay-Until: 2026-11-21T13:30+0200", /^applied$/],
  ["HarborNode-Delay-Until: 2026-11-21T14:30+02:00", /^delayed revision_delayed: .*2026-11-21 12:30 UTC/],
  ["HarborNode-Delay-Until: 2026-11-20", /^applied$/],
  ["HarborNode-Delay-Until: next week", /^mistake revision_delayed: .*"next week", which is no time/],
  ["HarborNode-Delay-Until: 2026-13-01", /^mistake revision_delayed/],
];

for (const [trailer, expected] of CASES) {
  Deno.test(`a commit with "${trailer}" is ${expected.source.replace(/[\\^$]|\.\*/g, " ").trim()}`, () => {
    assert.match(check(trailer), expected);
  });
}
