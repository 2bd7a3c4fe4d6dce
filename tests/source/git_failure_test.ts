import assert from "node:assert/strict";
import { connectionFailure, parseRetryAfter, statusFailure } from "../../src/source/git_failure.ts";

const URL = "https://git.example.org/fleet";

Deno.test("Retry-After is seconds or a date, and anything else is as if it were absent", () => {
  const now = Date.UTC(2026, 0, 1);
  assert.equal(parseRetryAfter("120", now), 120_000);
  assert.equal(parseRetryAfter("Thu, 01 Jan 2026 00:01:00 GMT", now), 60_000);
  assert.equal(parseRetryAfter("Wed, 31 Dec 2025 00:00:00 GMT", now), 0);
  assert.equal(parseRetryAfter("soon", now), undefined);
});

Deno.test("every status that is not 200 has a sentence and a reason", () => {
  const reasonOf = (status: number) => {
    const failure = statusFailure({ url: URL, status, retryAfter: null, authorized: true, now: 0 });
    assert.match(failure.message, new RegExp(`${status}`));
    return `${failure.kind} ${failure.reason}`;
  };
  assert.equal(reasonOf(401), "refused auth_failed");
  assert.equal(reasonOf(403), "refused auth_failed");
  assert.equal(reasonOf(404), "mistake repo_not_found");
  assert.equal(reasonOf(429), "transient rate_limited");
  for (const status of [408, 500, 502, 503, 504, 521]) assert.equal(reasonOf(status), "transient repo_unreachable");
  for (const status of [203, 204, 400, 418]) assert.equal(reasonOf(status), "transient repo_invalid");
});

Deno.test("a connection failure names its cause, in both shapes that Deno gives it, and no credentials", () => {
  const text =
    "error sending request for url (https://u:t0ken@git.example.org/x): client error (Connect): invalid peer certificate: Expired";
  for (const error of [new TypeError(text), new TypeError("fetch failed", { cause: new Error(text) })]) {
    const failure = connectionFailure(URL, error, "t0ken");
    assert.equal(failure.message, `Cannot talk to "${URL}" securely: invalid peer certificate: Expired`);
    assert.equal(failure.reason, "repo_unreachable");
    assert.doesNotMatch(Deno.inspect(failure), /t0ken/);
  }
  assert.equal(
    connectionFailure(URL, new TypeError("odd: t0ken"), "t0ken").message,
    `Cannot reach "${URL}": odd: ***`,
  );
});
