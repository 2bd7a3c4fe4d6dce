import assert from "node:assert/strict";
import { isBearer, isSigned } from "../../src/http/signature.ts";

// docs.github.com, "Validating webhook deliveries", testing the validation.
const secret = "It's a Secret to Everybody";
const body = new TextEncoder().encode("Hello, World!");
const SIGNATURE = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

Deno.test("a signature is GitHub's: its documented example is accepted", () => {
  assert.ok(isSigned(`sha256=${SIGNATURE}`, { secret, body }));
  assert.ok(isSigned(`sha256=${SIGNATURE.toUpperCase()}`, { secret, body }));
});

Deno.test("a signature that is missing, empty, short, of another scheme, secret or body is refused", () => {
  const flipped = SIGNATURE.replace(/^7/, "8");
  for (
    const header of [
      undefined,
      "",
      "sha256=",
      SIGNATURE,
      `sha1=${SIGNATURE}`,
      `sha256=${flipped}`,
      `sha256=${SIGNATURE.slice(1)}`,
    ]
  ) {
    assert.equal(isSigned(header, { secret, body }), false, String(header));
  }
  assert.equal(isSigned(`sha256=${SIGNATURE}`, { secret: "another", body }), false);
  assert.equal(isSigned(`sha256=${SIGNATURE}`, { secret, body: body.subarray(1) }), false);
});

Deno.test("a bearer token must be the whole secret", () => {
  assert.ok(isBearer("Bearer abc", "abc"));
  assert.ok(isBearer("bearer abc", "abc"));
  for (const header of [undefined, "", "Bearer", "Bearer ", "Bearer ab", "Bearer abcd", "Basic abc", "abc"]) {
    assert.equal(isBearer(header, "abc"), false, String(header));
  }
});
