/** Addresses and networks of IPv4 and IPv6, as Node's block list compares them. */
import { BlockList, isIP } from "node:net";

/** "10.0.0.0/8", "fd00::/8", or a single address. */
export function isNetwork(text: string): boolean {
  const { address, family, bits } = split(text);
  return family !== 0 && address !== "" && Number.isInteger(bits) && bits >= 0 && bits <= widthOf(family);
}

export class Networks {
  readonly #list = new BlockList();

  /** Each is one that `isNetwork` takes. */
  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const { address, family, bits } = split(text);
      this.#list.addSubnet(address, bits, family === 6 ? "ipv6" : "ipv4");
    }
  }

  /** False for what is no address. An IPv4 address within IPv6 (::ffff:10.0.0.1) is in the networks of both. */
  has(address: string): boolean {
    const plain = withoutZone(address);
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 6 ? "ipv6" : "ipv4");
  }
}

/** The address alone, of "10.0.0.1:4711", "[fd00::1]:4711", "fe80::1%eth0" or an address; null for anything else. */
export function addressIn(text: string): string | null {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(text)?.[1] ?? text;
  const address = withoutZone(bare);
  return isIP(address) === 0 ? null : address;
}

/**
 * What one visitor is counted by: a home or a server has a whole IPv6 network of 64 bits, and could come from another
 * address of it each time.
 */
export function visitorOf(address: string): string {
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  const whole = [...groups, ...Array(Math.max(0, missing)).fill("0"), ...(tail ?? "").split(":")];
  return `${whole.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}

function split(text: string): { address: string; family: number; bits: number } {
  const [, address = "", bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return { address, family, bits: bits === undefined ? widthOf(family) : Number(bits) };
}

function widthOf(family: number): number {
  return family === 6 ? 128 : 32;
}

function withoutZone(address: string): string {
  return address.replace(/%.*$/, "");
}
