import assert from "node:assert/strict";
import { daemonVersionDenial } from "../../src/model/policy/daemon_version.ts";
import { compareVersions, fitsPattern, readVersion, VERSION_PATTERN } from "../../src/model/release_version.ts";

Deno.test("versions come in the order of semver.org", () => {
  const inOrder = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"];
  inOrder.push("1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0");
  for (const [index, one] of inOrder.entries()) {
    for (const [at, other] of inOrder.entries()) {
      assert.equal(Math.sign(compareVersions(one, other)), Math.sign(index - at), `${one} and ${other}`);
    }
  }
});

Deno.test("what is no version is none, and comes before every other", () => {
  for (
    const text of ["", "1", "1.2", "v1.2.3", "1.2.3+x", "1.2.3-", "1.2.3 ", "1.2.3-a..b", `1.2.3-${"a".repeat(80)}`]
  ) {
    assert.equal(readVersion(text), null, text);
    assert.ok(compareVersions(text, "0.0.0") < 0);
  }
});

Deno.test("a pattern means what begins as it does, and no pre-release that it does not name", () => {
  assert.ok(fitsPattern("0.2.7", "0.2.*") && fitsPattern("0.2.7", "0.*") && fitsPattern("0.2.7", "*"));
  assert.ok(!fitsPattern("0.20.7", "0.2.*") && !fitsPattern("0.2.7-rc.1", "0.2.*"));
  assert.ok(fitsPattern("0.2.7-rc.1", "0.2.7-rc.1") && !fitsPattern("0.2.7", "0.2.6"));
  for (const text of ["*.1", "0.*.1", "0.2*", "", "latest"]) assert.ok(!VERSION_PATTERN.test(text), text);
});

Deno.test("git may ask for what the owner allows, and for an older version only where its whole name is there", () => {
  const refused = (wanted: string, running: string | null, daemonVersions: string[]) =>
    daemonVersionDenial(wanted, { running, policy: { daemonVersions } })?.message ?? null;
  assert.equal(refused("0.2.0", "0.1.0", ["0.2.*"]), null);
  assert.equal(refused("0.2.0", "0.2.0", []), null, "what runs needs no word");
  assert.equal(refused("0.2.0", "0.1.0", []), 'the owner of this device does not allow version "0.2.0"');
  assert.match(refused("0.2.0", "0.3.0", ["*", "0.2.*"])!, /asks for the older version "0.2.0"/);
  assert.equal(refused("0.2.0", "0.3.0", ["0.2.0"]), null);
});
