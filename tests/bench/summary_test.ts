import assert from "node:assert/strict";
import { figures, FULL, QUICK } from "./figure.ts";
import { showTable, showWanted } from "./show_table.ts";
import { againstBest, median, type Medians, percentile, summarize } from "./summary.ts";

Deno.test("a median lies between the two middle values, a percentile between its neighbours", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(percentile([0, 10], 95), 9.5);
  assert.equal(percentile([7], 95), 7);
});

Deno.test("a summary takes the median of the rounds, and nothing where no round has a sample", () => {
  const rounds = [{ restart_p50: 3 }, { restart_p50: 1, idle_cpu: 10 }, { restart_p50: 2 }];
  const { runit } = summarize({ runit: rounds }, { figures: figures(QUICK), scale: QUICK });
  assert.equal(runit?.restart_p50, 2);
  assert.equal(runit?.idle_cpu, 10);
  assert.equal(runit?.log_ratio, null);
});

Deno.test("the cost of a further service is what lies between the two largest sizes", () => {
  const rounds = [{ memory_1: 60, memory_50: 70, memory_200: 85 }];
  const { harbornode } = summarize({ harbornode: rounds }, { figures: figures(FULL), scale: FULL });
  assert.equal(harbornode?.memory_more, 100);
});

Deno.test("the ratio is ours to the least of the others, one where both are equal, and nothing without others", () => {
  const medians = (ours: number, theirs: number[]): Medians => ({
    harbornode: { x: ours },
    ...Object.fromEntries(theirs.map((value, index) => [`peer-${index}`, { x: value }])),
  });
  const of = (all: Medians) => againstBest(all, { id: "x", own: "harbornode" });
  assert.deepEqual(of(medians(3, [6, 2])), { best: "peer-1", ratio: 1.5 });
  assert.deepEqual(of(medians(0, [0])), { best: "peer-0", ratio: 1 });
  assert.equal(of(medians(3, [])), null);
});

const FOUND: Medians = summarize({
  harbornode: [{ restart_p50: 2.9, memory_200: 91.5, idle_writes: 0, killed_downtime: 0 }],
  supervisord: [{ restart_p50: 1509.4, memory_200: 27.1, idle_writes: 123456, killed_downtime: 4000 }],
  runit: [{ restart_p50: 2.8, memory_200: 45, idle_writes: 0, killed_downtime: 0 }],
  s6: [{ restart_p50: 2.9, memory_200: 45, idle_writes: 0, killed_downtime: 0 }],
  pm2: [{ restart_p50: 5, memory_200: 130.4, idle_writes: 0, killed_downtime: 5300 }],
}, { figures: figures(FULL), scale: FULL });

Deno.test("the table fits 80 columns, with five peers and figures of six digits", () => {
  const table = showTable(figures(FULL), FOUND);
  assert.deepEqual(table.split("\n").filter((line) => line.length > 80), []);
  assert.match(table, /^crash to restarted, ms +2\.9 +1509\.4 +2\.8\* +2\.9 +5\.0 +1\.04$/m);
});

Deno.test("what HarborNode wants of itself is met, missed, or not told where it was not measured", () => {
  const text = showWanted(figures(FULL), FOUND);
  assert.match(text, /^met +crash to restarted, ms: 2\.9, wanted 3$/m);
  assert.doesNotMatch(text, /log/);
  const slow = summarize({ harbornode: [{ restart_p50: 3.1 }] }, { figures: figures(FULL), scale: FULL });
  assert.match(showWanted(figures(FULL), slow), /^MISSED crash to restarted/);
});
