import assert from "node:assert/strict";
import { isAllowed, isRoot } from "../../../src/model/policy/allowed_accounts.ts";
import { checkIsDevice, matches } from "../../../src/model/policy/allowed_device_nodes.ts";
import { exposesDevice, isInside } from "../../../src/model/policy/allowed_host_paths.ts";
import { isFromAllowed, isHostAllowed, isLinkLocal } from "../../../src/model/policy/allowed_sources.ts";

Deno.test("a pattern of images means a repository, or all below one, however either is written", () => {
  const yes: [string, string][] = [
    ["nginx:1.27", "nginx"],
    ["docker.io/library/nginx@sha256:00", "nginx"],
    ["nginx", "docker.io/*"],
    ["index.docker.io/library/nginx", "docker.io/library/*"],
    ["me/app:2", "me/*"],
    ["ghcr.io/me/a/b:1", "ghcr.io/me/*"],
    ["registry.lan:5000/x", "registry.lan:5000/*"],
    ["localhost/x", "localhost/*"],
  ];
  for (const [image, pattern] of yes) assert.ok(isFromAllowed(image, [pattern]), `${image} is from ${pattern}`);
  const no: [string, string][] = [
    ["nginx-evil", "nginx"],
    ["evil/nginx", "nginx"],
    ["ghcr.io/me2/a", "ghcr.io/me/*"],
    ["ghcr.io/me", "ghcr.io/me/*"],
    ["ghcr.io.evil.org/me/a", "ghcr.io/me/*"],
    ["evil.org/ghcr.io/me/a", "ghcr.io/me/*"],
    ["registry.lan/x", "registry.lan:5000/*"],
  ];
  for (const [image, pattern] of no) assert.ok(!isFromAllowed(image, [pattern]), `${image} is from ${pattern}`);
});

Deno.test("a pattern of hosts means one host, or all below one", () => {
  assert.ok(isHostAllowed("github.com", ["github.com"]));
  assert.ok(isHostAllowed("a.b.example.org", ["*.example.org"]));
  for (const host of ["example.org", "badexample.org", "example.org.evil.net"]) {
    assert.ok(!isHostAllowed(host, ["*.example.org"]), host);
  }
});

Deno.test("addresses of the machine's own link are told, however they are written", () => {
  for (const written of ["169.254.169.254", "0xa9fea9fe", "2852039166", "[fe80::1]", "[::ffff:169.254.1.1]"]) {
    assert.ok(isLinkLocal(new URL(`http://${written}/`).hostname), written);
  }
  for (const written of ["169.253.1.1", "192.168.1.5", "[fd00::1]", "169.254.evil.org"]) {
    assert.ok(!isLinkLocal(new URL(`http://${written}/`).hostname), written);
  }
});

Deno.test("root is a name and a number, and numbers are allowed by ranges", () => {
  assert.deepEqual(["root", "0", "000", "toor", "10"].map(isRoot), [true, true, true, false, false]);
  assert.ok(isAllowed("media", ["media"]));
  assert.ok(isAllowed("01500", ["1000-1999"]));
  for (const one of ["media2", "999", "2000", "1000-1999x"]) assert.ok(!isAllowed(one, ["media", "1000-1999"]), one);
});

Deno.test("a path lies in another one by whole names", () => {
  assert.ok(isInside("/srv", ["/srv"]));
  assert.ok(isInside("/srv/a//b/", ["/srv/a/"]));
  assert.ok(isInside("/srv/./a", ["/srv/a"]));
  assert.ok(isInside("/srv", ["/"]));
  assert.ok(!isInside("/srv2", ["/srv"]));
  assert.ok(!isInside("/", ["/srv"]));
  assert.ok(!isInside("/srv", []));
  for (const path of ["/", "/var/lib", "/var//lib/./harbornode/", "/var/lib/harbornode/state"]) {
    assert.ok(exposesDevice(path, { paths: ["/var/lib/harbornode"] }), path);
  }
  assert.ok(!exposesDevice("/var/lib/harbornode2", { paths: ["/var/lib/harbornode"] }));
});

Deno.test("in a pattern for devices a star is any characters but a slash, and nothing else is special", () => {
  assert.ok(matches("/dev/ttyUSB0", "/dev/ttyUSB*"));
  assert.ok(matches("/dev/dri/renderD128", "/dev/dri/*"));
  assert.ok(!matches("/dev/net/tun", "/dev/*"));
  assert.ok(!matches("/dev/sda1", "/dev/sda"));
  assert.ok(!matches("/dev/xttyUSB0", "/dev/.ttyUSB0"));
  assert.ok(!matches("/dev/ttyUSB0\n/dev/sda", "/dev/sda"));
});

Deno.test("what is not there, or is no device, is told apart", () => {
  checkIsDevice("/dev/x", { isCharDevice: true, isBlockDevice: false });
  checkIsDevice("/dev/x", { isCharDevice: false, isBlockDevice: true });
  assert.throws(() => checkIsDevice("/dev/x", null), { kind: "refused", message: 'there is no device "/dev/x"' });
  const folder = { isCharDevice: false, isBlockDevice: false };
  assert.throws(() => checkIsDevice("/dev/x", folder), { kind: "mistake", message: '"/dev/x" is not a device' });
});
