import assert from "node:assert/strict";
import { lowerHalf, upperAddress } from "../../../../src/runtime/docker/network/subnet_halves.ts";

Deno.test("a subnet is shared by what Docker hands out and what is asked for", () => {
  assert.equal(lowerHalf("172.18.0.0/16"), "172.18.0.0/17");
  assert.equal(upperAddress("172.18.0.0/16", 0), "172.18.128.0");
  assert.equal(upperAddress("172.18.0.0/16", 0.999999), "172.18.255.254");
  assert.equal(lowerHalf("192.168.16.0/20"), "192.168.16.0/21");
  assert.equal(upperAddress("192.168.16.0/20", 0), "192.168.24.0");
  assert.equal(upperAddress("192.168.16.0/20", 0.999999), "192.168.31.254");
});

Deno.test("a subnet that is too small to share, or of version 6, is Docker's alone", () => {
  for (const subnet of ["10.0.0.0/29", "fd00::/64", "", "10.0.0.0"]) {
    assert.equal(lowerHalf(subnet), null);
    assert.equal(upperAddress(subnet, 0.5), null);
  }
});
