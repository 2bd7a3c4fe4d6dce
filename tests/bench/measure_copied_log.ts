import { cutTimes, endlessWriter, logFolder, pieces } from "../runtime/native/log/log_folder.ts";
import type { Samples } from "./figure.ts";

const CUTS = 30;

/**
 * Where a file system cannot cut a file at its front, a log is copied and emptied: how many lines of 10 000 that costs a
 * program that writes 20 000 a second. Only the kernel knows, so that no test can claim it.
 */
export async function measureCopiedLog(): Promise<Samples> {
  await using folder = await logFolder({ memory: true });
  const writing = endlessWriter(folder.path, { idle: 40 });
  await cutTimes(folder.log, CUTS, { bound: { maxBytes: 30_000, maxFiles: CUTS }, method: "copy" });
  const lines = await writing.end();
  // The last of each piece is empty, or a line that was torn.
  const kept = (await pieces(folder.path)).reduce((sum, piece) => sum + piece.split("\n").length - 1, 0);
  return { copied_lost: (lines - kept) / lines * 10_000 };
}
