import assert from "node:assert/strict";
import { parseLocation } from "../../src/source/location.ts";

Deno.test("a location is http, with its credentials taken out, or a folder", () => {
  const http = (url: string, credentials: { username: string; token: string } | null = null) => {
    return { type: "http", url, credentials };
  };
  assert.deepEqual(parseLocation("https://h/fleet.git/"), http("https://h/fleet.git"));
  assert.deepEqual(parseLocation("http://u:t%2Fx@h:3000/f"), http("http://h:3000/f", { username: "u", token: "t/x" }));
  assert.deepEqual(parseLocation("https://tok@h/f"), http("https://h/f", { username: "tok", token: "tok" }));
  assert.deepEqual(parseLocation("/srv/git"), { type: "local", dir: "/srv/git" });
  assert.deepEqual(parseLocation("file:///srv/my%20git"), { type: "local", dir: "/srv/my git" });
});

Deno.test("a location over ssh is refused with the https URL to write instead", () => {
  for (
    const url of [
      "git@github.com:ada/fleet.git",
      "ssh://git@github.com/ada/fleet.git",
      "ssh://github.com:22/ada/fleet.git",
    ]
  ) {
    assert.throws(() => parseLocation(url), {
      name: "Failure",
      kind: "mistake",
      message: '"github.com" would be reached over ssh, which is not supported',
      hint: /^write "https:\/\/github\.com\/ada\/fleet\.git" as \[repo\] url/,
    });
  }
});

Deno.test("a location that is none is refused without its credentials", () => {
  for (const url of ["fleet", "ftp://u:secret@h/x", "https://u:secret@", "http://u:secret@h:port/x"]) {
    assert.throws(() => parseLocation(url), (error: Error) => {
      assert.equal(error.name, "Failure");
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
});
