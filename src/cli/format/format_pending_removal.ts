/** The removal that waits for `harbornode prune --confirm`, as text: which workloads, why, and how to confirm. */
import type { Snapshot } from "../../model/snapshot.ts";
import { shortId } from "../../model/git_ref.ts";
import { wrap } from "./wrap.ts";

export const NO_PENDING_REMOVAL = "no removal is pending";

export function formatPendingRemoval({ pending_removal, source, workloads }: Snapshot): string {
  if (pending_removal === null) return NO_PENDING_REMOVAL;
  const { names, message } = pending_removal;
  // A commit id only: a checkout or a folder has no revision that could be named.
  const revision = /^[0-9a-f]{7,}$/.test(source.planned ?? "") ? shortId(source.planned!) : null;
  const confirm = `run "harbornode prune --confirm${revision === null ? "" : ` ${revision}`}"`;
  // The daemon refuses to confirm a removal by a revision of which it could not read a part.
  const isReadable = workloads.every((workload) => workload.problems.length === 0);
  const hint = isReadable ? `${confirm}; volumes and data stay` : "correct the manifests with problems, then confirm";
  return [
    revision === null ? "pending removal:" : `pending removal, as of revision ${revision}:`,
    ...names.map((name) => `  ${name}`),
    ...wrap(`why: ${message}`, 2),
    ...wrap(`hint: ${hint}`, 2),
  ].join("\n");
}
