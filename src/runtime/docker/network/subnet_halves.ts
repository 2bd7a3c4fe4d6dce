/**
 * [pure] The addresses of a network of ours. Docker hands out those of the lower half as they come. Those of the upper
 * half are asked for, one by one, by containers that must keep theirs when they are published: what two of them ask for
 * never meets what Docker hands out, also when Docker starts them by itself.
 */

interface Subnet {
  base: number;
  bits: number;
}

/** "172.18.0.0/16"; null for one of version 6, or with too few addresses to share. */
function parse(subnet: string): Subnet | null {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(subnet);
  const [a = 0, b = 0, c = 0, d = 0, bits = 32] = (match ?? []).slice(1).map(Number);
  return match === null || bits > 28 ? null : { base: ((a * 256 + b) * 256 + c) * 256 + d, bits };
}

/** What Docker may hand out, as it takes it; null for all of it. */
export function lowerHalf(subnet: string): string | null {
  const parsed = parse(subnet);
  return parsed === null ? null : `${text(parsed.base)}/${parsed.bits + 1}`;
}

/** One of the upper half, by a number from 0 up to 1; null where there is none. */
export function upperAddress(subnet: string, chance: number): string | null {
  const parsed = parse(subnet);
  if (parsed === null) return null;
  const half = 2 ** (32 - parsed.bits - 1);
  // The last one reaches all of them.
  return text(parsed.base + half + Math.floor(chance * (half - 1)));
}

function text(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
