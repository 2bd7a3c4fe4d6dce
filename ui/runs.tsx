/** The runs of a job: how they ended, how long they took, and when the next one is. */
import type { RunStatus, WorkloadStatus } from "../src/model/snapshot.ts";
import { State } from "./state_badge.tsx";
import { Ago, In, shortSpan } from "./time_ago.tsx";

export function Runs({ workload, now }: { workload: WorkloadStatus; now: number }) {
  const { runs, next_run_at: next } = workload;
  if (runs.length === 0 && next === null) return null;
  return (
    <section aria-label="Runs">
      <h2>Runs</h2>
      {next !== null && (
        <p class="next">
          The next one is due <In at={next} now={now} />
        </p>
      )}
      {runs.length > 0 && (
        <div class="scroll">
          <table class="table">
            <thead>
              <tr>
                <th>Due</th>
                <th>Outcome</th>
                <th>Took</th>
                <th>Exit code</th>
              </tr>
            </thead>
            <tbody>
              {[...runs].reverse().map((run) => (
                <tr>
                  <td>
                    <Ago at={run.due_at} now={now} />
                  </td>
                  <td>
                    <State word={run.outcome} />
                  </td>
                  <td>{took(run, now)}</td>
                  <td>{run.exit_code ?? ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** Of a run under way, so far. */
function took(run: RunStatus, now: number): string {
  if (run.started_at === null) return "";
  const end = run.ended_at === null ? now : Date.parse(run.ended_at);
  return shortSpan((end - Date.parse(run.started_at)) / 1000);
}
