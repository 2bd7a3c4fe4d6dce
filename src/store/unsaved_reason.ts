/** Why the state is not on disk, for the person who reads it. */
import { statfs } from "node:fs/promises";
import { diskFault, diskWords } from "../failure.ts";
import type { ReasonCode } from "../model/reason.ts";

/** Since when the state is not on disk, and why, as a sentence and a hint. */
export interface Unsaved {
  /** Milliseconds since 1970. */
  since: number;
  reason: ReasonCode;
  /** The sentence without its beginning: 'the disk that holds "/var/lib/harbornode" is full'. */
  why: string;
  message: string;
  hint: string;
}

/** Makes what is said of a write below `root` that threw `error`. */
export function unsavedReason(error: unknown, { root, since }: { root: string; since: number }): Unsaved {
  const fault = diskFault(error);
  if (fault === null) {
    const why = error instanceof Error ? error.message : String(error);
    const hint = `see what is wrong with "ls -ld ${root}" and "dmesg | tail"`;
    return { since, reason: "disk_failed", why, message: sentence(since, why), hint };
  }
  const { is, reason, hint } = diskWords(fault);
  const why = `the disk that holds "${root}" ${is}`;
  return { since, reason, why, message: sentence(since, why), hint };
}

/**
 * ENOSPC means either of two things (open(2)), and only one of them is mended by removing a large file. Returns what is
 * said of a disk without a free inode; null for every other disk.
 */
export async function outOfInodes({ since, reason }: Unsaved, root: string): Promise<Unsaved | null> {
  if (reason !== "disk_full") return null;
  const found = await statfs(root).catch(() => null);
  if (found === null || found.files === 0 || found.ffree > 0) return null;
  const why = `the disk that holds "${root}" has no free inode`;
  const hint = `remove small files: "sudo du --inodes -xd1 ${root}" counts them`;
  return { since, reason, why, message: sentence(since, why), hint };
}

function sentence(since: number, why: string): string {
  return `state cannot be saved since ${new Date(since).toISOString()}: ${why}`;
}
