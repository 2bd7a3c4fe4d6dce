import assert from "node:assert/strict";
import { Semaphore } from "../../src/async/semaphore.ts";

Deno.test("calls take turns: so many at once, in the order in which they came, whatever becomes of each", async () => {
  const turns = new Semaphore(2);
  const began: number[] = [];
  let [open, most] = [0, 0];
  const gates = Array.from({ length: 6 }, () => Promise.withResolvers<void>());
  const calls = gates.map((gate, index) =>
    turns.run(async () => {
      began.push(index);
      most = Math.max(most, ++open);
      await gate.promise.finally(() => open--);
      return index;
    })
  );
  gates[3]!.promise.catch(() => {});
  gates[3]!.reject(new Error("as planned"));
  // The second is let go first: whoever is free makes room.
  for (const index of [1, 0, 2, 4, 5]) gates[index]!.resolve();
  const ended = await Promise.allSettled(calls);
  assert.deepEqual(
    ended.map((promiseSettledResult) =>
      promiseSettledResult.status === "fulfilled" ? promiseSettledResult.value : String(promiseSettledResult.reason)
    ),
    [
      0,
      1,
      2,
      "Error: as planned",
      4,
      5,
    ],
  );
  assert.deepEqual([began, most], [[0, 1, 2, 3, 4, 5], 2]);
  assert.equal(await turns.run(() => Promise.resolve("free again")), "free again");
});
