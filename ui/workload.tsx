/** One workload: what it is, how it is on three axes, and one sentence why. */
import { problemLine } from "../src/model/problem.ts";
import type { InstanceStatus, Warning, WorkloadStatus } from "../src/model/snapshot.ts";
import { kindLabel } from "../src/model/workload_groups.ts";
import { cpuText, memoryText } from "../src/model/usage.ts";
import { instanceLabel, Instances } from "./instances.tsx";
import { Axes } from "./state_badge.tsx";
import { Up } from "./time_ago.tsx";

interface WorkloadProps {
  workload: WorkloadStatus;
  now: number;
}

/** With all that is wrong with it. */
export function WorkloadCard({ workload, now }: WorkloadProps) {
  return (
    <li class="card" id={`workload-${workload.name}`}>
      <Head workload={workload} />
      <Why workload={workload} />
      <LastCheck workload={workload} />
      <Facts workload={workload} now={now} />
      {workload.instances.length > 1 && <Instances instances={workload.instances} now={now} />}
      <Problems workload={workload} />
    </li>
  );
}

/** Of one that is as asked: instances are counted, not listed. */
export function WorkloadRow({ workload, now }: WorkloadProps) {
  return (
    <li class="row" id={`workload-${workload.name}`}>
      <Head workload={workload} />
      <Why workload={workload} />
      <Facts workload={workload} now={now} />
    </li>
  );
}

function Head({ workload }: { workload: WorkloadStatus }) {
  return (
    <div class="top">
      <h3>
        <a href={`/workloads/${workload.name}`} id={`link-${workload.name}`}>{workload.name}</a>
      </h3>
      <Axes workload={workload} />
    </div>
  );
}

/** What it is for and why it is as it is. Of one that simply runs, its state has said it. */
export function Why({ workload }: { workload: WorkloadStatus }) {
  const { description, message, reason, health, hint } = workload;
  const simplyRuns = reason === "running" && health === "healthy";
  if (simplyRuns && description === "") return null;
  return (
    <p class="why wrap">
      {description !== "" && <span>{`${description}. `}</span>}
      {!simplyRuns && (
        <span class="quiet">
          {sentence(message)} {hint !== null && `${sentence(hint)} `}
          <code>{reason}</code>
        </span>
      )}
    </p>
  );
}

/** What a failing health check answered, beside the sentence that it fails. */
function LastCheck({ workload }: { workload: WorkloadStatus }) {
  const last = workload.probes.at(-1);
  if (workload.health !== "unhealthy" || last === undefined || last.ok || last.output === "") return null;
  return <p class="check small quiet wrap">Last health check: {last.output}</p>;
}

/** A file's name keeps its case, and so does a field. */
function sentence(text: string): string {
  if (/^(\S*[./]|\w+ = )/.test(text)) return `${text}.`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function Facts({ workload, now }: WorkloadProps) {
  const { instances, ports, warnings } = workload;
  return (
    <div class="facts">
      <span>{kindLabel(workload)}, {workload.runtime}</span>
      {ports.map((port) => <span>{port}</span>)}
      {instances.length > 1 && <span>{instances.length} instances</span>}
      {instances.length === 1 && <InstanceFacts instance={instances[0]!} now={now} />}
      <WarningMark warnings={warnings} />
    </div>
  );
}

function InstanceFacts({ instance, now }: { instance: InstanceStatus; now: number }) {
  const { pid, started_at, cpu_percent, memory_bytes, restarts, exit_code } = instance;
  return (
    <>
      {pid !== null && <span>{instanceLabel(instance)}</span>}
      {pid !== null && started_at !== null && (
        <span>
          up <Up since={started_at} now={now} />
        </span>
      )}
      {cpu_percent !== null && <span>{cpuText(cpu_percent)} CPU</span>}
      {memory_bytes !== null && <span>{memoryText(memory_bytes)}</span>}
      {restarts > 0 && <span>{restarts} {restarts === 1 ? "restart" : "restarts"}</span>}
      {exit_code !== null && exit_code !== 0 && <span>exit code {exit_code}</span>}
    </>
  );
}

function WarningMark({ warnings }: { warnings: Warning[] }) {
  if (warnings.length === 0) return null;
  return <span class="state warn">{warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`}</span>;
}

/** What is not as asked, and what it runs in spite of: amber, since nothing is broken. */
export function Warnings({ warnings }: { warnings: Warning[] }) {
  if (warnings.length === 0) return null;
  return (
    <ul class="notice small wrap" aria-label="Warnings">
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
