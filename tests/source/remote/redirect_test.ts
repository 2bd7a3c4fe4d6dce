import assert from "node:assert/strict";
import { redirectTarget } from "../../../src/source/remote/redirect.ts";

const ENDPOINT = "/info/refs?service=git-upload-pack";

function move(base: string, location: string): string {
  return redirectTarget({ url: base, asked: base + ENDPOINT, location, endpoint: ENDPOINT });
}

Deno.test("a redirect is followed on the same host, and from http to https of it", () => {
  assert.equal(move("https://h/old", `https://h/new${ENDPOINT}`), "https://h/new");
  assert.equal(move("https://h/old", `/a/b.git${ENDPOINT}`), "https://h/a/b.git");
  assert.equal(move("http://h/x", `https://h/x${ENDPOINT}`), "https://h/x");
});

Deno.test("a redirect is not followed to another host or port, or out of https", () => {
  for (
    const [base, target] of [
      ["https://h/x", "https://evil/x"],
      ["https://h/x", "https://h:8443/x"],
      ["http://h:3000/x", "https://h/x"],
      ["https://h/x", "http://h/x"],
      ["https://h/x", "https://h@evil/x"],
      ["https://h/x", "//evil/x"],
    ]
  ) {
    assert.throws(() => move(base!, target! + ENDPOINT), { name: "Failure", kind: "mistake", message: /another host/ });
  }
});

Deno.test("a redirect that leads to no repository is not followed", () => {
  for (const location of ["", "https://h/users/sign_in", "https://h/x/info/refs", "https://"]) {
    assert.throws(() => move("https://h/x", location), { name: "Failure", reason: "repo_invalid" });
  }
});
