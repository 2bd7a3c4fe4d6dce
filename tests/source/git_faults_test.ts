/** Every way a git server can fail: a sentence, a kind, and the next try as if nothing had been. */
import assert from "node:assert/strict";
import { Failure } from "../../src/failure.ts";
import { randomBytes } from "node:crypto";
import type { Fault } from "../support/git_server.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { type Fleet, fleet, FOREVER, sync } from "./fleet.ts";

interface Expected {
  kind: Failure["kind"];
  reason: Failure["reason"];
  says: RegExp;
  retryAfterMs?: number;
}

/** Long enough for most answers, and where git itself takes longer the failure is the same. */
const HANG_MS = 1000;

const CASES: { name: string; fault: Fault; expected: Expected }[] = [
  {
    name: "403",
    fault: { type: "status", status: 403 },
    expected: { kind: "refused", reason: "auth_failed", says: /asks for credentials \(403\)/ },
  },
  {
    name: "404, which forges also answer for private repositories",
    fault: { type: "status", status: 404 },
    expected: { kind: "mistake", reason: "repo_not_found", says: /There is no repository at .* private repository/s },
  },
  {
    name: "429 with Retry-After",
    fault: { type: "status", status: 429, retryAfter: "120" },
    expected: { kind: "transient", reason: "rate_limited", says: /come back later/, retryAfterMs: 120_000 },
  },
  {
    name: "403 with Retry-After, which is a used-up limit",
    fault: { type: "status", status: 403, retryAfter: "60" },
    expected: { kind: "transient", reason: "rate_limited", says: /come back later/, retryAfterMs: 60_000 },
  },
  {
    name: "500",
    fault: { type: "status", status: 500 },
    expected: { kind: "transient", reason: "repo_unreachable", says: /failed \(500\)/ },
  },
  {
    name: "503 with Retry-After",
    fault: { type: "status", status: 503, retryAfter: "7" },
    expected: { kind: "transient", reason: "repo_unreachable", says: /failed \(503\)/, retryAfterMs: 7_000 },
  },
  {
    name: "a sign-in page with status 200",
    fault: { type: "page" },
    expected: { kind: "transient", reason: "repo_invalid", says: /"text\/html" instead of git's protocol/ },
  },
  {
    name: "no answer at all",
    fault: { type: "hang" },
    expected: { kind: "transient", reason: "repo_unreachable", says: /did not (answer|finish) within 1 s/ },
  },
  {
    name: "an answer cut short",
    fault: { type: "cut", afterBytes: 30 },
    expected: { kind: "transient", reason: "repo_invalid", says: /the connection broke off/ },
  },
  {
    name: "a stalled answer",
    fault: { type: "stall", afterBytes: 30 },
    expected: {
      kind: "transient",
      reason: "repo_unreachable",
      says: /(stopped sending for|did not (answer|finish) within) 1 s/,
    },
  },
];

/** The failure that `work` ends with. */
async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(() => null, (error) => error);
  assert.ok(error instanceof Failure, `a Failure, not ${error}`);
  return error;
}

function check(failure: Failure, expected: Expected): void {
  assert.match(`${failure.message} ${failure.hint ?? ""}`, expected.says);
  assert.equal(failure.kind, expected.kind);
  assert.equal(failure.reason, expected.reason);
  assert.equal(failure.retryAfterMs, expected.retryAfterMs);
  assert.doesNotMatch(failure.message, /\.$|\n/);
}

/** A fleet whose branch moved on after the device had its first revision; the pack is too large for one small chunk. */
async function behind(): Promise<Fleet & { second: string }> {
  const on = await fleet();
  await sync(on.source());
  await on.repository.write("random.bin", randomBytes(100_000));
  return Object.assign(on, { second: await on.repository.commit("more") });
}

for (const { name, fault, expected } of CASES) {
  const timeoutMs = fault.type === "hang" || fault.type === "stall" ? HANG_MS : 20_000;

  await testNeeding(["git"], `a look that meets ${name} fails with its reason`, async () => {
    await using on = await fleet();
    on.server.fault = { ...fault, at: "refs" };
    check(await failureOf(on.source({ timeoutMs }).head(FOREVER)), expected);
    on.server.fault = null;
    assert.equal(await on.source().head(FOREVER), on.first);
  });

  await testNeeding(
    ["git"],
    `a fetch that meets ${name} keeps the old revision, and heals on the next try`,
    async () => {
      await using on = await behind();
      on.server.fault = { ...fault, at: "pack" };
      check(await failureOf(on.source({ timeoutMs }).fetch(on.second, () => {}, FOREVER)), expected);

      assert.equal((await on.source().lastFetched())?.id, on.first);
      on.server.fault = null;
      assert.equal((await sync(on.source())).id, on.second);
    },
  );
}

for (const bytes of [4, 60, 400, 10_000]) {
  await testNeeding(
    ["git"],
    `a list of branches that lacks ${bytes} bytes is never taken for an empty repository`,
    async () => {
      await using on = await behind();
      on.server.fault = { type: "shorten", at: "refs", bytes };
      check(await failureOf(on.source().fetch(on.second, () => {}, FOREVER)), {
        kind: "transient",
        reason: "repo_invalid",
        says: /ended before it was whole/,
      });
      assert.equal((await on.source().lastFetched())?.id, on.first);
    },
  );
}

for (const afterBytes of [3, 40, 300, 5_000, 90_000]) {
  await testNeeding(
    ["git"],
    `a pack cut after ${afterBytes} bytes heals on the next try of the same source`,
    async () => {
      await using on = await behind();
      const source = on.source();
      on.server.fault = { type: "cut", at: "pack", afterBytes };
      check(await failureOf(source.fetch(on.second, () => {}, FOREVER)), {
        kind: "transient",
        reason: "repo_invalid",
        says: /cannot be used/,
      });
      on.server.fault = null;
      assert.equal((await sync(source)).id, on.second);
    },
  );
}

await testNeeding(
  ["git"],
  "a pack cut between two packets, with a clean end of the answer, is not taken for whole",
  async () => {
    await using on = await behind();
    const source = on.source();
    on.server.fault = { type: "truncate", at: "pack" };
    check(await failureOf(source.fetch(on.second, () => {}, FOREVER)), {
      kind: "transient",
      reason: "repo_invalid",
      says: /ended before it was whole/,
    });
    on.server.fault = null;
    assert.equal((await sync(source)).id, on.second);
  },
);

await testNeeding(
  ["git"],
  "a fetch in the middle of a pack ends at once when the daemon stops, and harms nothing",
  async () => {
    await using on = await behind();
    on.server.fault = { type: "stall", at: "pack", afterBytes: 50_000 };
    const control = new AbortController();
    const stop = new Error("the daemon stops");
    const said: string[] = [];
    const fetching = on.source().fetch(on.second, (message) => {
      said.push(message);
      control.abort(stop);
    }, control.signal);
    assert.equal(await fetching.catch((error) => error), stop);
    assert.equal((await on.source().lastFetched())?.id, on.first);
  },
);

await testNeeding(["git"], "a caller's timeout is a failure of the server, not a bug", async () => {
  await using on = await fleet();
  on.server.fault = { type: "hang" };
  const failure = await failureOf(on.source().head(AbortSignal.timeout(100)));
  check(failure, { kind: "transient", reason: "repo_unreachable", says: /did not finish/ });
});

await testNeeding(["git"], "a pack larger than the budget is refused before it is whole", async () => {
  await using on = await behind();
  const source = on.source({}, { budgetBytes: 20_000 });
  const fetch = () => source.fetch(on.second, () => {}, FOREVER);
  check(await failureOf(fetch()), { kind: "mistake", reason: "repo_invalid", says: /larger than/ });
  assert.equal((await source.lastFetched())?.id, on.first);
  on.server.requests.length = 0;
  check(await failureOf(fetch()), { kind: "mistake", reason: "repo_invalid", says: /larger than/ });
  assert.deepEqual(on.server.requests, [], "it is not downloaded again");
});

Deno.test("a server that is not there is unreachable, and the sentence says why", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using on = await fleet();
  const failure = await failureOf(on.source({ url: `http://127.0.0.1:${port}/fleet` }).head(FOREVER));
  check(failure, { kind: "transient", reason: "repo_unreachable", says: /Cannot reach ".*": .*[Cc]onnection refused/ });
});

await testNeeding(["git"], "a server that does not speak TLS is told from one that is not there", async () => {
  await using on = await fleet();
  const url = on.server.url("fleet").replace("http:", "https:");
  const failure = await failureOf(on.source({ url }).head(FOREVER));
  check(failure, { kind: "transient", reason: "repo_unreachable", says: /Cannot talk to .* securely/ });
});
