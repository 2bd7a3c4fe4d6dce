/** [pure] The one sentence about all workloads. */
import type { ReasonCode } from "../src/model/reason.ts";
import type { Snapshot } from "../src/model/snapshot.ts";
import { groups, isSuspendedStatus } from "../src/model/workload_groups.ts";

/** Of a revision that is here and is not used, until somebody does something about it. */
const NOT_USED: readonly (ReasonCode | undefined)[] = [
  "signature_missing",
  "signature_invalid",
  "signer_unknown",
  "signers_unreadable",
  "history_rewound",
];

export function overallStatus(snapshot: Snapshot): { sentence: string; tone: string } {
  const told = ofWorkloads(snapshot);
  if (!NOT_USED.includes(snapshot.source.error?.reason)) return told;
  const sentence = snapshot.workloads.length === 0
    ? "The revision is not used"
    : `${told.sentence}; a revision is not used`;
  return { sentence, tone: "bad" };
}

function ofWorkloads({ workloads, source }: Snapshot): { sentence: string; tone: string } {
  const count = workloads.length;
  const { attention: { length: bad }, moving: { length: moving } } = groups(workloads);
  if (count === 0 && source.error !== null) return { sentence: "The repository cannot be reached", tone: "bad" };
  if (count === 0) return { sentence: source.attempted === null ? "Starting" : "Nothing to run", tone: "idle" };
  if (bad > 0) return { sentence: `${bad} of ${count} ${bad === 1 ? "needs" : "need"} attention`, tone: "bad" };
  if (moving > 0) {
    return { sentence: `${count - moving} of ${count} healthy, ${moving} under way`, tone: "idle moving" };
  }
  const left = workloads.filter(isSuspendedStatus).length;
  if (left > 0) return { sentence: `${count - left} of ${count} as asked, ${left} left alone`, tone: "good" };
  return { sentence: count === 1 ? "The workload is healthy" : `All ${count} workloads are healthy`, tone: "good" };
}
