/** The instances of a workload, a line each. A column that has nothing to say of any of them is left out. */
import type { Child } from "hono/jsx";
import type { InstanceStatus } from "../src/model/snapshot.ts";
import { cpuText, memoryText } from "../src/model/usage.ts";
import { State } from "./state_badge.tsx";
import { Ago, Up } from "./time_ago.tsx";

interface Column {
  title: string;
  /** Null where there is nothing to say. */
  cell(instance: InstanceStatus, now: number): Child | null;
}

const COLUMNS: readonly Column[] = [
  { title: "Slot", cell: (instance) => instance.slot },
  { title: "State", cell: (instance) => <State word={instance.phase} /> },
  {
    title: "Who",
    cell: (instance) => instance.pid === null ? null : <span class="mono">{instanceLabel(instance)}</span>,
  },
  {
    title: "Up",
    cell: (instance, now) =>
      instance.started_at === null ? null : <Since at={instance.started_at} one={instance} now={now} />,
  },
  { title: "CPU", cell: (instance) => instance.cpu_percent === null ? null : cpuText(instance.cpu_percent) },
  { title: "Memory", cell: (instance) => instance.memory_bytes === null ? null : memoryText(instance.memory_bytes) },
  { title: "Restarts", cell: (instance) => instance.restarts === 0 ? null : instance.restarts },
  { title: "Exit", cell: (instance) => instance.exit_code },
];

export function Instances({ instances, now }: { instances: InstanceStatus[]; now: number }) {
  const columns = COLUMNS.filter(({ cell }) => instances.some((instance) => cell(instance, now) !== null));
  return (
    <div class="scroll">
      <table class="table">
        <thead>
          <tr>{columns.map(({ title }) => <th>{title}</th>)}</tr>
        </thead>
        <tbody>
          {instances.map((instance) => <tr>{columns.map(({ cell }) => <td>{cell(instance, now)}</td>)}</tr>)}
        </tbody>
      </table>
    </div>
  );
}

/** How others know it: its process, or its container. */
export function instanceLabel(instance: InstanceStatus): string {
  return instance.container_id === null ? `pid ${instance.pid}` : instance.container_id.slice(0, 12);
}

/** How long it is up; of one that is not, when it was started. */
function Since({ one, at, now }: { one: InstanceStatus; at: string; now: number }) {
  if (one.pid !== null) return <Up since={at} now={now} />;
  return (
    <>
      started <Ago at={at} now={now} />
    </>
  );
}
