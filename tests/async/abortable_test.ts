import assert from "node:assert/strict";
import { abortable, abortableIterator } from "../../src/async/abortable.ts";

Deno.test("an abort ends the wait and not the work, and the work's later error is handled", async () => {
  assert.equal(await abortable(Promise.resolve(1), new AbortController().signal), 1);
  for (const isEarly of [true, false]) {
    const caller = new AbortController();
    const work = Promise.withResolvers<void>();
    if (isEarly) caller.abort(new Error("enough"));
    const waited = assert.rejects(abortable(work.promise, caller.signal), /^Error: enough$/);
    caller.abort(new Error("enough"));
    await waited;
    work.reject(new Error("nobody waits for this"));
    // An error that nobody handles would end the test.
    await new Promise((resolve) => setTimeout(resolve));
  }
});

Deno.test("an abort ends a read that is under way, and cancels the body with the reason", async () => {
  const canceled: unknown[] = [];
  const body = new ReadableStream<number>({
    start: (controller) => controller.enqueue(1),
    cancel: (reason) => void canceled.push(reason),
  });
  const caller = new AbortController();
  const read: number[] = [];
  const reading = (async () => {
    for await (const chunk of abortableIterator(body, caller.signal)) {
      read.push(chunk);
      queueMicrotask(() => caller.abort("enough"));
    }
  })();
  await assert.rejects(reading, (reason) => reason === "enough");
  assert.deepEqual([read, canceled], [[1], ["enough"]]);
});

Deno.test("leaving the loop early cancels the body", async () => {
  let isCanceled = false;
  const body = new ReadableStream<number>({
    pull: (controller) => controller.enqueue(1),
    cancel: () => void (isCanceled = true),
  });
  for await (const _ of abortableIterator(body, new AbortController().signal)) break;
  assert.ok(isCanceled);
});
