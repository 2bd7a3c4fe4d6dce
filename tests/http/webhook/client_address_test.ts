import assert from "node:assert/strict";
import { RateLimit } from "../../../src/http/webhook/secret_failure_limit.ts";
import { clientAddress } from "../../../src/http/webhook/client_address.ts";
import { addressIn, isNetwork, Networks, visitorOf } from "../../../src/ip_network.ts";

Deno.test("an address of a client is the last one that no trusted proxy could have made up", () => {
  const trusted = new Networks(["10.0.0.0/8", "fd00::/8", "127.0.0.1"]);
  const cases: [peer: string, forwardedFor: string | undefined, client: string][] = [
    ["192.0.2.1", undefined, "192.0.2.1"],
    ["192.0.2.1", "198.51.100.1", "192.0.2.1"],
    ["10.1.2.3", undefined, "10.1.2.3"],
    ["10.1.2.3", "198.51.100.1", "198.51.100.1"],
    ["::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1"],
    ["127.0.0.1", "1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"],
    ["fd00::1", "2001:db8::7", "2001:db8::7"],
    ["10.1.2.3", "[2001:db8::7]:4711", "2001:db8::7"],
    ["10.1.2.3", "198.51.100.1:4711", "198.51.100.1"],
    ["10.1.2.3", "198.51.100.1, unknown", "10.1.2.3"],
    ["10.1.2.3", "", "10.1.2.3"],
    ["10.1.2.3", "10.1.2.4, 10.1.2.5", "10.1.2.4"],
    ["", "198.51.100.1", ""],
  ];
  for (const [peer, forwardedFor, client] of cases) {
    assert.equal(clientAddress({ peer, forwardedFor }, trusted), client, `${peer} ${forwardedFor}`);
  }
  assert.equal(clientAddress({ peer: "10.1.2.3", forwardedFor: "1.1.1.1" }, new Networks([])), "10.1.2.3");
});

Deno.test("a network is one of IPv4 or IPv6, or an address", () => {
  for (const text of ["10.0.0.0/8", "0.0.0.0/0", "fd00::/8", "::/0", "192.0.2.1", "2001:db8::1/128"]) {
    assert.ok(isNetwork(text), text);
  }
  for (
    const text of [
      "",
      "/8",
      "10.0.0.0/33",
      "10.0.0/8",
      "fd00::/129",
      "10.0.0.0/-1",
      "10.0.0.0/8/8",
      "proxy",
      "10.0.0.0/",
    ]
  ) {
    assert.equal(isNetwork(text), false, text);
  }
  assert.equal(addressIn("fe80::1%eth0"), "fe80::1");
});

Deno.test("a visitor by IPv6 is counted by its network, however its address is written", () => {
  const same = ["2001:db8:0:7::1", "2001:0db8:0:7:a:b:c:d", "2001:DB8:0:7::"].map(visitorOf);
  assert.deepEqual(new Set(same), new Set(["2001:db8:0:7::/64"]));
  assert.notEqual(visitorOf("2001:db8:0:8::1"), same[0]);
  assert.equal(visitorOf("::1"), "0:0:0:0::/64");
  assert.equal(visitorOf("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(visitorOf("192.0.2.1"), "192.0.2.1");
});

Deno.test("failures are counted over a minute that moves, and of a bounded number of visitors", () => {
  const limit = new RateLimit();
  for (let i = 0; i < 10; i++) assert.equal(limit.failed("a", i * 1000), 0);
  assert.equal(limit.failed("a", 30_000), 30);
  assert.equal(limit.failed("a", 59_999), 1);
  assert.equal(limit.failed("a", 60_000), 0);
  assert.equal(limit.failed("a", 60_500), 1);
  for (let i = 0; i < 1000; i++) limit.failed(`other ${i}`, 60_500);
  assert.equal(limit.failed("a", 60_500), 0, "the one that was seen longest ago is forgotten");
});
