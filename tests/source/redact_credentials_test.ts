import assert from "node:assert/strict";
import { cleanUrl, redactCredentials } from "../../src/source/redact_credentials.ts";

Deno.test("a URL is shown without userinfo, query and fragment", () => {
  const cases = [
    ["https://ada:pw@git.example.org/fleet.git", "https://git.example.org/fleet.git"],
    ["https://token@git.example.org:8443/a/b/", "https://git.example.org:8443/a/b"],
    ["https://a:b@c@git.example.org/x?private_token=1#frag", "https://git.example.org/x"],
    ["HTTP://git.example.org?x=@y", "http://git.example.org"],
    ["/srv/git/fleet@home.git", "/srv/git/fleet@home.git"],
  ];
  for (const [url, clean] of cases) assert.equal(cleanUrl(url!), clean);
});

Deno.test("text keeps what it says and loses every form of a credential", () => {
  const token = "tök/en+1";
  assert.equal(
    redactCredentials('error for url (https://u:p%40ss@h/x?token=1): and "http://t@h/y".', token),
    'error for url (https://h/x): and "http://h/y".',
  );
  assert.equal(redactCredentials(`sent ${token} and ${encodeURIComponent(token)}`, token), "sent *** and ***");
  assert.equal(
    redactCredentials("authorization: Basic Z2l0OnRva2Vu, Bearer ab.cd_e-f", null),
    "authorization: Basic ***, Bearer ***",
  );
  assert.equal(redactCredentials("nothing in here", ""), "nothing in here");
});
