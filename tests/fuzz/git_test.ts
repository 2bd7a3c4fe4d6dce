/** Whatever a git server answers: what was fetched before stays, the end is a sentence in time, and the next try is whole. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../src/failure.ts";
import type { Source } from "../../src/source/source.ts";
import type { Fault } from "../support/git_server.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { fleet, FOREVER, sync, textOf, TOKEN } from "../source/fleet.ts";
import { fuzz, UNPRINTABLE } from "./fuzz.ts";
import { fault, faultText } from "./git_faults.ts";

/** Of a source that never comes to an end by itself. */
const HANGS_MS = 60_000;
/** Only what comes to no end by itself has to meet its deadline: nothing else depends on how busy the machine is. */
const STALLED_MS = 2_000;

await testNeeding(
  ["git"],
  "no answer of a git server is a bug, a hang, or the end of what was there before",
  async () => {
    await using on = await fleet({ token: TOKEN });
    const options = { token: TOKEN };
    await sync(on.source(options));
    let [count, kept] = [0, on.first];
    const check = async (one: Fault) => {
      await on.repository.write("services/hello/run.sh", `#!/bin/sh\nexit ${++count}\n`);
      const pushed = await on.repository.commit(`change ${count}`);
      on.server.fault = one;
      const isStalled = one.type === "stall";
      const source = on.source({ ...options, ...(isStalled ? { timeoutMs: STALLED_MS } : {}) });
      const found = await inTime(look(source), faultText(one));
      on.server.fault = null;
      if (found instanceof Failure) {
        const message = `${found.message} ${found.hint ?? ""}`;
        assert.doesNotMatch(message, UNPRINTABLE, faultText(one));
        assert.ok(!message.includes(TOKEN), message);
        assert.ok(message.length < 1000, message);
        assert.notEqual(found.reason, "internal_error", message);
        const before = await on.source(options).lastFetched();
        assert.equal(before?.id, kept, "what was there before is gone");
      } else {
        // A bit that means nothing, or one that the protocol mends.
        assert.equal(found, pushed, faultText(one));
      }
      const after = await sync(isStalled ? on.source(options) : source);
      assert.equal(after.id, pushed, `the next try: ${faultText(one)}`);
      assert.equal(await textOf(after, "services/hello/run.sh"), `#!/bin/sh\nexit ${count}\n`);
      kept = pushed;
    };
    await fc.assert(fc.asyncProperty(fault, check), { ...fuzz(12), endOnFailure: true });
  },
);

/** The id of what came, or why nothing did; every other error is a bug. */
async function look(source: Source): Promise<string | Failure> {
  const said: string[] = [];
  try {
    const { id } = await source.fetch(await source.head(FOREVER), (message) => said.push(message), FOREVER);
    return id;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  } finally {
    for (const message of said) assert.doesNotMatch(message, UNPRINTABLE);
  }
}

async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`still under way: ${what}`)), HANGS_MS);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
