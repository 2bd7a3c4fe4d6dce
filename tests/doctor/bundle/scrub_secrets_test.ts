/** No form of a secret passes the last guard, and ordinary text does. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  omitOutput,
  redactedCommandLine,
  redactedUnit,
  unitSecrets,
} from "../../../src/doctor/bundle/redacted_config.ts";
import { scrubber } from "../../../src/doctor/bundle/scrub_secrets.ts";
import { findPlanted, plant } from "../../support/planted_secret.ts";
import { rolledBackWorkload, troubledSnapshot } from "../../support/snapshots.ts";

Deno.test("a secret is found plain, quoted, in a URL, in hex, and in base64 wherever it begins there", () => {
  const secret = plant();
  const scrub = scrubber([secret.value, "short"]);
  fc.assert(fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (before, after) => {
    const bytes = new TextEncoder().encode(`${before}${secret.value}${after}`);
    const text = [
      `${before}${secret.value}${after}`,
      JSON.stringify(`${before}${secret.value}`),
      encodeURIComponent(`${before}${secret.value}`),
      bytes.toHex(),
      bytes.toBase64(),
      bytes.toBase64({ alphabet: "base64url" }),
    ].join("\n");
    assert.deepEqual(findPlanted([secret], [["text", scrub(text)]]), []);
  }));
});

Deno.test("a secret that holds another one goes as a whole", () => {
  assert.equal(scrubber(["hunter2hunter2", "hunter2hunter2-more"])("a hunter2hunter2-more b"), "a *** b");
});

Deno.test("what looks like a secret goes though nobody told of it; what does not, stays", () => {
  const scrub = scrubber([]);
  assert.equal(scrub("key AGE-SECRET-KEY-1QQPQZRY9X8GF2TVDW0S3JN54KHCE6MUA7L here"), "key *** here");
  assert.equal(
    scrub("fetch https://me:pass@git.example.org/x?token=1 failed"),
    "fetch https://git.example.org/x failed",
  );
  assert.equal(scrub("authorization: Bearer abc.def-123"), "authorization: Bearer ***");
  assert.equal(scrub(`got ghp_${"a".repeat(36)} and glpat-${"b".repeat(20)}`), "got *** and ***");
  assert.equal(
    scrub("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----\nafter"),
    "***\nafter",
  );
  const ordinary = "revision 4f2c91a of main is applied; sha256:0f1e2d3c4b5a, unit harbornode.service, pid 4711";
  assert.equal(scrub(ordinary), ordinary);
});

Deno.test("of a unit, names of variables stay, and their values go", () => {
  const text = [
    "# my password is hunter2",
    "[Service]",
    'Environment=DENO_TLS_CA_STORE=system "HTTPS_PROXY=http://u:hunter2@proxy" \\',
    "  TOKEN=hunter2hunter2",
    "SetCredential=token:hunter2hunter2",
    "LoadCredential=token:/etc/harbornode/git-token",
    "ExecStart=/usr/local/bin/harbornode",
  ].join("\n");
  assert.equal(
    redactedUnit(text),
    [
      "[Service]",
      "Environment=DENO_TLS_CA_STORE=*** HTTPS_PROXY=*** TOKEN=***",
      "SetCredential=token:***",
      "LoadCredential=token:/etc/harbornode/git-token",
      "ExecStart=/usr/local/bin/harbornode",
      "",
    ].join("\n"),
  );
  assert.deepEqual(unitSecrets(text), ["http://u:hunter2@proxy", "hunter2hunter2", "hunter2hunter2"]);
});

Deno.test("of the kernel's command line, what says nothing of the boot is a name alone", () => {
  assert.equal(
    redactedCommandLine("root=/dev/mmcblk0p2 cgroup_disable=memory quiet systemd.set_credential=token:hunter2\n"),
    "root=/dev/mmcblk0p2 cgroup_disable=memory quiet systemd.set_credential=***",
  );
});

Deno.test("a snapshot goes without what workloads wrote, and says that there was something", () => {
  const { workloads, ...rest } = troubledSnapshot();
  const wrote = { ...rolledBackWorkload(), last_lines: ["my password is hunter2"] };
  const shown = omitOutput({ ...rest, workloads: [...workloads, wrote] });
  const text = JSON.stringify(shown);
  assert.doesNotMatch(text, /hunter2/);
  assert.match(text, /\(1 lines left out\)/);
  for (const workload of shown.workloads) {
    for (const { lines } of workload.history) for (const line of lines) assert.match(line, /^\(\d+ lines left out\)$/);
    for (const { output } of workload.probes) assert.match(output, /^$|^\(\d+ characters left out\)$/);
  }
});
