/** [pure] Which workloads a person should look at first, and the one sentence about all of them. */
import type { ReasonCode } from "../src/model/reason.ts";
import { isBarred, isLeftAlone, type Snapshot, type WorkloadStatus } from "../src/model/snapshot.ts";

/** What needs somebody, what only needs time, and what is as the repository asks. */
export interface Groups {
  attention: WorkloadStatus[];
  moving: WorkloadStatus[];
  well: WorkloadStatus[];
}

/** Each in the order in which they came. */
export function groups(workloads: readonly WorkloadStatus[]): Groups {
  const well = workloads.filter(isWell);
  const moving = workloads.filter(isMoving);
  return { well, moving, attention: workloads.filter((one) => !well.includes(one) && !moving.includes(one)) };
}

function isWell(one: WorkloadStatus): boolean {
  if (isBarred(one)) return false;
  return isLeftAlone(one) || one.phase === "completed" || one.phase === "stopped" ||
    one.reason === "scheduled" || (one.phase === "running" && one.health === "healthy");
}

/** Of a run of a job, and of what was just started, nobody can say yet. */
function isMoving(one: WorkloadStatus): boolean {
  return !isWell(one) &&
    (["pending", "starting", "stopping"].includes(one.phase) || (one.phase === "running" && one.health === "unknown"));
}

/** Of a revision that is here and is not used, until somebody does something about it. */
const NOT_USED: readonly (ReasonCode | undefined)[] = [
  "signature_missing",
  "signature_invalid",
  "signer_unknown",
  "signers_unreadable",
  "history_rewound",
];

export function overall(snapshot: Snapshot): { sentence: string; tone: string } {
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
  if (count === 0 && source.error !== null) return { sentence: "The repository can not be reached", tone: "bad" };
  if (count === 0) return { sentence: source.attempted === null ? "Starting" : "Nothing to run", tone: "idle" };
  if (bad > 0) return { sentence: `${bad} of ${count} ${bad === 1 ? "needs" : "need"} attention`, tone: "bad" };
  if (moving > 0) {
    return { sentence: `${count - moving} of ${count} healthy, ${moving} under way`, tone: "idle moving" };
  }
  const left = workloads.filter(isLeftAlone).length;
  if (left > 0) return { sentence: `${count - left} of ${count} as asked, ${left} left alone`, tone: "good" };
  return { sentence: count === 1 ? "The workload is healthy" : `All ${count} workloads are healthy`, tone: "good" };
}
