/** The rollouts of a workload as text, newest first: what became of each, and why. */
import type { RolloutStatus, WorkloadStatus } from "../../model/snapshot.ts";
import { wrap } from "./wrap.ts";
import { formatAgo } from "./format_status.ts";
import { table } from "./table.ts";
import { shortId } from "../../model/git_ref.ts";

/** Of what failed, as many lines of its output as tell most of it. */
const LINES = 10;

/** `now` in milliseconds since 1970. */
export function formatHistory({ name, fingerprint, history, versions, refused }: WorkloadStatus, now: number): string {
  if (history.length === 0) return `${name}: no rollout has come to its end yet`;
  const newest = [...history].reverse();
  const rows = newest.map((rollout) => [
    `${formatAgo(rollout.ended_at, now)} ago`,
    rollout.fingerprint.slice(0, 12),
    shortId(rollout.revision) || "-",
    rollout.outcome,
    mark(rollout, { fingerprint, versions }),
  ]);
  const [head = "", ...lines] = table(["ENDED", "FINGERPRINT", "REVISION", "OUTCOME", ""], rows);
  const told = lines.flatMap((line, index) => [line, ...wrap(`    ${newest[index]!.message}`, 4)]);
  const failed = newest.find((rollout) => rollout.lines.length > 0 || rollout.probes.length > 0);
  return [
    head,
    ...told,
    ...(refused === null ? [] : ["", ...wrap(`${refused.fingerprint.slice(0, 12)} is refused: ${refused.message}`, 2)]),
    ...(failed === undefined ? [] : evidence(failed)),
  ].join("\n");
}

function mark(
  { fingerprint, outcome }: RolloutStatus,
  now: Pick<WorkloadStatus, "fingerprint" | "versions">,
): string {
  if (outcome !== "healthy") return "";
  if (fingerprint === now.fingerprint) return "runs";
  return now.versions.includes(fingerprint) ? "kept" : "";
}

function evidence({ fingerprint, lines, probes }: RolloutStatus): string[] {
  const section = (title: string, said: readonly string[]) =>
    said.length === 0
      ? []
      : ["", `${title} of ${fingerprint.slice(0, 12)}`, ...said.map((line) => `  ${line}`.trimEnd())];
  return [...section("last health checks", probes.slice(-5)), ...section("last lines", lines.slice(-LINES))];
}
