/** A state as a word with a dot: the colour only repeats what the word says. */
import type { WorkloadStatus } from "../src/model/snapshot.ts";

const TONE: Record<string, string> = {
  synced: "idle",
  "out-of-sync": "warn moving",
  suspended: "idle",
  unknown: "idle",
  pending: "idle moving",
  starting: "idle moving",
  running: "good",
  degraded: "bad",
  backoff: "bad moving",
  stopping: "idle moving",
  stopped: "idle",
  completed: "good",
  failed: "bad",
  blocked: "warn",
  invalid: "bad",
  "rolled-back": "bad",
  healthy: "good",
  unhealthy: "bad",
  succeeded: "good",
  timeout: "bad",
  replaced: "idle",
  skipped: "idle",
  superseded: "idle",
};

export function State({ word }: { word: string }) {
  return <span class={`state ${TONE[word] ?? "idle"}`}>{word}</span>;
}

/** Sync, phase and health side by side, never folded into one word. */
export function Axes({ workload }: { workload: WorkloadStatus }) {
  return (
    <dl class="axes">
      <div>
        <dt>Phase</dt>
        <dd>
          <State word={workload.phase} />
        </dd>
      </div>
      <div>
        <dt>Health</dt>
        <dd>
          <State word={workload.health === "unknown" ? "health unknown" : workload.health} />
        </dd>
      </div>
      <div>
        <dt>Sync</dt>
        <dd>
          <State word={workload.sync === "unknown" ? "sync unknown" : workload.sync} />
        </dd>
      </div>
    </dl>
  );
}
