/** Where a workload is on its way, what was refused, and what became of its last rollouts. */
import type { RolloutStatus, WorkloadStatus } from "../src/model/snapshot.ts";
import { State } from "./state_badge.tsx";
import { Ago, In } from "./time_ago.tsx";
import { shortId } from "../src/model/git_ref.ts";

export function Rollouts({ workload, now }: { workload: WorkloadStatus; now: number }) {
  const { rollout, history } = workload;
  if (rollout === null && history.length === 0) return null;
  const newest = [...history].reverse();
  const failed = newest.find((rolloutStatus) => rolloutStatus.lines.length > 0 || rolloutStatus.probes.length > 0);
  return (
    <section aria-label="Rollouts">
      <h2>Rollouts</h2>
      {rollout !== null && (
        <p class="next wrap">
          <code>{shortId(rollout.fingerprint)}</code> is on its way and has to be healthy{" "}
          <In at={rollout.deadline_at} now={now} />: {rollout.message}
        </p>
      )}
      {newest.length > 0 && (
        <ol class="events">
          {newest.map((rolloutStatus) => (
            <Rollout rollout={rolloutStatus} runs={rolloutStatus.fingerprint === workload.fingerprint} now={now} />
          ))}
        </ol>
      )}
      {failed !== undefined && <Evidence rollout={failed} />}
    </section>
  );
}

function Rollout({ rollout, runs, now }: { rollout: RolloutStatus; runs: boolean; now: number }) {
  const { fingerprint, revision, outcome, message, ended_at } = rollout;
  return (
    <li>
      <span class="quiet">
        <Ago at={ended_at} now={now} />
      </span>
      <span class="wrap">
        <State word={outcome} /> <code>{shortId(fingerprint)}</code>
        {revision !== "" && (
          <>
            {" "}of revision <code>{shortId(revision)}</code>
          </>
        )}
        {outcome === "healthy" && runs && ", which runs"}: <span class="quiet">{message}</span>
      </span>
    </li>
  );
}

/** The last words of what failed, which is gone by now. */
function Evidence({ rollout: { fingerprint, lines, probes } }: { rollout: RolloutStatus }) {
  return (
    <>
      <p class="evidence small quiet">
        What <code>{shortId(fingerprint)}</code> said last
      </p>
      <pre class="log" tabindex={0}>{[...probes.slice(-5), ...lines].join("\n")}</pre>
    </>
  );
}
