import assert from "node:assert/strict";
import { parseLocation, type SshLocation } from "../../src/source/repository_location.ts";

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

Deno.test("a location over ssh is a host, a path, and a user and a port where they are said", () => {
  const ssh = (url: string) => {
    const { type, ...rest } = parseLocation(url) as SshLocation;
    assert.equal(type, "ssh");
    return rest;
  };
  const github = { url: "ssh://github.com/ada/fleet.git", host: "github.com", port: null, user: "git" };
  assert.deepEqual(ssh("git@github.com:ada/fleet.git"), { ...github, path: "ada/fleet.git" });
  assert.deepEqual(ssh("ssh://git@github.com/ada/fleet.git/"), { ...github, path: "/ada/fleet.git" });
  const ported = { url: "ssh://h:2222/srv/x", host: "h", port: 2222, user: null, path: "/srv/x" };
  assert.deepEqual(ssh("ssh://h:2222/srv/x"), ported);
  assert.equal(ssh("ssh://ada@h/~ada/x").path, "~ada/x");
  assert.equal(ssh("ssh://ada@[::1]:22/x").host, "::1");
});

Deno.test("a location never gives ssh a word that it could take for an option", () => {
  for (
    const url of [
      "ssh://-oProxyCommand=id/x",
      "ssh://git@-oProxyCommand=id/x",
      "-oProxyCommand=id@host:x",
      "git@-oProxyCommand=id:x",
      "ssh://-l@host/x",
      "git@host:-x",
      "ssh://host:0/x",
      "ssh://host:99999/x",
      "ssh://git:pw@host/x",
      "ssh://host",
    ]
  ) {
    assert.throws(() => parseLocation(url), { name: "Failure", kind: "mistake" }, url);
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
