import assert from "node:assert/strict";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/clock.ts";
import { Outbox } from "../../src/notify/outbox.ts";
import type { Outcome } from "../../src/notify/send_once.ts";
import { notifyFile, type QueuedMessage, readNotifyState } from "../../src/store/notify_state.ts";
import { tempDir } from "../support/temp.ts";

const SAID: Outcome = { type: "said" };
const DOWN: Outcome = { type: "failed", why: "answered 503", afterMs: null };
const FOREVER = new AbortController().signal;

/** An outbox on disk, a target that answers as it is told, and a clock that the test moves. */
class Post {
  now = Date.UTC(2026, 5, 1);
  answer: Outcome = SAID;
  readonly tried: QueuedMessage[] = [];
  readonly #path: string;

  constructor(dir: string) {
    this.#path = join(dir, "notify.json");
  }

  async open(targets = ["phone"]): Promise<Outbox> {
    const clock: Clock = { ...systemClock, now: () => this.now };
    const send = (message: QueuedMessage) => {
      this.tried.push(structuredClone(message));
      return Promise.resolve(this.answer);
    };
    const senders = new Map(targets.map((name) => [name, send]));
    const file = notifyFile(this.#path);
    const notifyState = await readNotifyState(file);
    return new Outbox({ file, notifyState, clock, senders, jitter: () => 0.5 });
  }

  get said(): unknown[] {
    return this.tried.map((queuedMessage) => queuedMessage.content);
  }
}

const add = (outbox: Outbox, content: unknown, topic: string | null = null) =>
  outbox.add({ target: "phone", topic, content });

Deno.test("an outbox says in order what it holds, and what is queued outlives the daemon", async () => {
  await using dir = await tempDir();
  const post = new Post(dir.path);
  const before = await post.open();
  for (const content of ["one", "two", "three"]) add(before, content);
  await before.save();
  const after = await post.open();
  assert.equal(await after.deliver("phone", FOREVER), null);
  assert.deepEqual(post.said, ["one", "two", "three"]);
  assert.equal(await (await post.open()).deliver("phone", FOREVER), null);
  assert.equal(post.said.length, 3, "nothing is said twice");
  assert.deepEqual(after.status(), [
    { name: "phone", waiting: 0, lost: 0, sent_at: "2026-06-01T00:00:00.000Z", error: null },
  ]);
});

Deno.test("an outbox tries again later and later, with the same id, over restarts, and gives up at some point", async () => {
  await using dir = await tempDir();
  const post = new Post(dir.path);
  post.answer = DOWN;
  let outbox = await post.open();
  add(outbox, "one");
  await outbox.save();
  const delays: number[] = [];
  for (let delay: number | null = 0; delay !== null;) {
    post.now += delay;
    outbox = await post.open();
    delay = await outbox.deliver("phone", FOREVER);
    if (delay !== null) delays.push(delay / 1000);
    assert.equal(outbox.status()[0]?.error?.endsWith("answered 503"), true);
  }
  assert.deepEqual(delays.slice(0, 5), [5, 10, 20, 40, 80]);
  assert.deepEqual(delays.slice(-3), [3600, 3600, 3600]);
  assert.deepEqual([post.tried.length, new Set(post.tried.map((queuedMessage) => queuedMessage.id)).size], [15, 1]);
  const [{ waiting, lost, error } = assert.fail()] = (await post.open()).status();
  assert.deepEqual([waiting, lost, error], [0, 1, "tried 15 times: answered 503"]);
});

Deno.test("an outbox waits as long as it is asked to, and no longer than two hours", async () => {
  await using dir = await tempDir();
  const post = new Post(dir.path);
  const outbox = await post.open();
  add(outbox, "one");
  post.answer = { ...DOWN, afterMs: 90_000 };
  assert.equal(await outbox.deliver("phone", FOREVER), 90_000);
  post.now += 89_000;
  assert.equal(await outbox.deliver("phone", FOREVER), 1000);
  post.now += 1000;
  post.answer = { ...DOWN, afterMs: 1e12 };
  assert.equal(await outbox.deliver("phone", FOREVER), 7_200_000);
  // A clock that was set back by more than any delay holds nothing up.
  post.now -= 1e9;
  post.answer = SAID;
  assert.equal(await outbox.deliver("phone", FOREVER), null);
  assert.equal(outbox.status()[0]?.error, null);
});

Deno.test("an outbox gives up at once what would be refused again, and goes on with the next", async () => {
  await using dir = await tempDir();
  const post = new Post(dir.path);
  const outbox = await post.open();
  add(outbox, "one");
  post.answer = { type: "refused", why: "answered 400" };
  assert.equal(await outbox.deliver("phone", FOREVER), null);
  assert.deepEqual([outbox.status()[0]?.lost, outbox.status()[0]?.error], [1, "answered 400"]);
});

Deno.test("an outbox holds a hundred, the newest, and of a topic the last", async () => {
  await using dir = await tempDir();
  const post = new Post(dir.path);
  const outbox = await post.open();
  for (let i = 0; i < 130; i++) add(outbox, i);
  assert.deepEqual([outbox.status()[0]?.waiting, outbox.status()[0]?.lost], [100, 30]);
  for (const state of ["pending", "failure", "success"]) add(outbox, state, "4f2c91a");
  add(outbox, "pending", "c0ffee0");
  await outbox.deliver("phone", FOREVER);
  assert.deepEqual(post.said.slice(0, 2), [32, 33]);
  assert.deepEqual(post.said.slice(-3), [129, "success", "pending"]);
});

Deno.test("an outbox forgets what was for somebody who is no target any more", async () => {
  await using dir = await tempDir();
  const post = new Post(dir.path);
  const outbox = await post.open();
  add(outbox, "one");
  await outbox.save();
  const other = await post.open(["pager"]);
  assert.equal(await other.deliver("phone", FOREVER), null);
  assert.deepEqual(other.status().map(({ name, waiting }) => [name, waiting]), [["pager", 0]]);
});
