/** Versions of HarborNode itself: https://semver.org, without build metadata. */

export interface ReleaseVersion {
  major: number;
  minor: number;
  patch: number;
  /** The parts of "rc.1"; empty for a release. */
  pre: readonly string[];
}

export const RELEASE_VERSION = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

/** Null for what is no version. */
export function readVersion(text: string): ReleaseVersion | null {
  const found = text.length > 60 ? null : RELEASE_VERSION.exec(text);
  if (found === null) return null;
  const [major, minor, patch] = found.slice(1, 4).map(Number) as [number, number, number];
  return { major, minor, patch, pre: found[4]?.split(".") ?? [] };
}

/** Below zero where `one` comes before `other`, as https://semver.org/#spec-item-11 has it. What is no version comes first. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [readVersion(one), readVersion(other)];
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  const numbers = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (numbers !== 0) return numbers;
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (let index = 0; index < Math.max(a.pre.length, b.pre.length); index++) {
    const order = comparePart(a.pre[index], b.pre[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/** A part that is missing comes before every other, and a number before a word. */
function comparePart(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined) return Number(one !== undefined) - Number(other !== undefined);
  const [isNumber, isOther] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (isNumber && isOther) return Number(one) - Number(other);
  if (isNumber !== isOther) return isNumber ? -1 : 1;
  return one < other ? -1 : one > other ? 1 : 0;
}

/** A version, or one with stars from some part on: "0.2.*", "1.*", "*". */
export const VERSION_PATTERN = /^(\*|\d{1,6}\.\*|\d{1,6}\.\d{1,6}\.\*|\d{1,6}\.\d{1,6}\.\d{1,6}(-[0-9A-Za-z.-]+)?)$/;

/** Whether a version fits a pattern. One that is a pre-release fits its own name alone. */
export function fitsPattern(version: string, pattern: string): boolean {
  if (!pattern.endsWith("*")) return version === pattern;
  const read = readVersion(version);
  return read !== null && read.pre.length === 0 && version.startsWith(pattern.slice(0, -1));
}
