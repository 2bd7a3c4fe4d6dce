/** One workload: what it is, how it is on three axes, and one sentence why. */
import { problemLine } from "../src/model/problem.ts";
import type { InstanceStatus, Warning, WorkloadStatus } from "../src/model/snapshot.ts";
import { cpuText, memoryText } from "../src/model/usage.ts";
import { Axes, State } from "./state.tsx";
import { Ago, Up } from "./time.tsx";

export function WorkloadCard({ workload, now }: { workload: WorkloadStatus; now: number }) {
  return (
    <li class="card" id={`workload-${workload.name}`}>
      <div class="top">
        <h3>
          <a href={`/workloads/${workload.name}`} id={`link-${workload.name}`}>{workload.name}</a>
        </h3>
        <Axes workload={workload} />
      </div>
      <Why workload={workload} />
      <div class="facts">
        <span>{workload.kind}, {workload.runtime}</span>
        {workload.ports.map((port) => <span>{port}</span>)}
        {workload.instances.length === 1
          ? <InstanceFacts instance={workload.instances[0]!} now={now} />
          : workload.instances.length > 1 && <span>{workload.instances.length} instances</span>}
        <WarningMark warnings={workload.warnings} />
      </div>
      {workload.instances.length > 1 && <Instances instances={workload.instances} now={now} />}
      <Problems workload={workload} />
    </li>
  );
}

/** What it is for and why it is as it is. Of one that simply runs, its description says enough. */
export function Why({ workload }: { workload: WorkloadStatus }) {
  const { description, message, reason } = workload;
  const simplyRuns = reason === "running" && description !== "";
  return (
    <p class="why wrap">
      {description !== "" && <span>{`${description}. `}</span>}
      {!simplyRuns && (
        <span class="quiet">
          {sentence(message)} <code>{reason}</code>
        </span>
      )}
    </p>
  );
}

/** A file's name keeps its case. */
function sentence(text: string): string {
  if (/^\S*[./]/.test(text)) return `${text}.`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function InstanceFacts({ instance, now }: { instance: InstanceStatus; now: number }) {
  return (
    <>
      {instance.pid !== null && <span>{identity(instance)}</span>}
      {instance.pid !== null && instance.started_at !== null && (
        <span>
          up <Up since={instance.started_at} now={now} />
        </span>
      )}
      {instance.cpu_percent !== null && <span>{cpuText(instance.cpu_percent)} CPU</span>}
      {instance.memory_bytes !== null && <span>{memoryText(instance.memory_bytes)}</span>}
      {instance.restarts > 0 && <span>{instance.restarts} {instance.restarts === 1 ? "restart" : "restarts"}</span>}
      {instance.exit_code !== null && <span>exit code {instance.exit_code}</span>}
    </>
  );
}

function identity(instance: InstanceStatus): string {
  return instance.container_id === null ? `pid ${instance.pid}` : instance.container_id.slice(0, 12);
}

export function Instances({ instances, now }: { instances: InstanceStatus[]; now: number }) {
  return (
    <div class="scroll">
      <table class="table">
        <thead>
          <tr>
            <th>Slot</th>
            <th>State</th>
            <th>Who</th>
            <th>Up</th>
            <th>CPU</th>
            <th>Memory</th>
            <th>Restarts</th>
            <th>Exit</th>
          </tr>
        </thead>
        <tbody>
          {instances.map((one) => (
            <tr>
              <td>{one.slot}</td>
              <td>
                <State word={one.phase} />
              </td>
              <td class="mono">{one.pid === null ? "" : identity(one)}</td>
              <td>{one.started_at !== null && <Since instance={one} at={one.started_at} now={now} />}</td>
              <td>{one.cpu_percent !== null && cpuText(one.cpu_percent)}</td>
              <td>{one.memory_bytes !== null && memoryText(one.memory_bytes)}</td>
              <td>{one.restarts}</td>
              <td>{one.exit_code ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** How long it is up; of one that is not, when it was started. */
function Since({ instance, at, now }: { instance: InstanceStatus; at: string; now: number }) {
  return instance.pid === null
    ? (
      <>
        started <Ago at={at} now={now} />
      </>
    )
    : <Up since={at} now={now} />;
}

function WarningMark({ warnings }: { warnings: Warning[] }) {
  if (warnings.length === 0) return null;
  return <span class="state warn">{warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`}</span>;
}

/** What is not as asked, and what it runs in spite of: amber, since nothing is broken. */
export function Warnings({ warnings }: { warnings: Warning[] }) {
  if (warnings.length === 0) return null;
  return (
    <ul class="held small wrap" aria-label="Warnings">
      {warnings.map(({ reason, message }) => (
        <li>
          <span class="warn">{sentence(message)}</span> <code class="quiet">{reason}</code>
        </li>
      ))}
    </ul>
  );
}

export function Problems({ workload }: { workload: WorkloadStatus }) {
  if (workload.problems.length === 0) return null;
  return (
    <ul class="problems small wrap">
      {workload.problems.map((problem) => (
        <li>
          <code class="bad">{problemLine(problem)}</code>
          {problem.hint !== undefined && <div class="hint">Hint: {problem.hint}</div>}
        </li>
      ))}
    </ul>
  );
}
