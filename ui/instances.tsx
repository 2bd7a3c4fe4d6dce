/** The instances of a workload, a line each. A column that has nothing to say of any of them is left out. */
import type { Child } from "hono/jsx";
import type { InstanceStatus } from "../src/model/snapshot.ts";
import { cpuText, memoryText } from "../src/model/usage.ts";
import { State } from "./state.tsx";
import { Ago, Up } from "./time.tsx";

interface Column {
  title: string;
  /** Null where there is nothing to say. */
  cell(instance: InstanceStatus, now: number): Child | null;
}

const COLUMNS: readonly Column[] = [
  { title: "Slot", cell: (one) => one.slot },
  { title: "State", cell: (one) => <State word={one.phase} /> },
  { title: "Who", cell: (one) => one.pid === null ? null : <span class="mono">{identity(one)}</span> },
  {
    title: "Up",
    cell: (one, now) => one.started_at === null ? null : <Since at={one.started_at} one={one} now={now} />,
  },
  { title: "CPU", cell: (one) => one.cpu_percent === null ? null : cpuText(one.cpu_percent) },
  { title: "Memory", cell: (one) => one.memory_bytes === null ? null : memoryText(one.memory_bytes) },
  { title: "Restarts", cell: (one) => one.restarts === 0 ? null : one.restarts },
  { title: "Exit", cell: (one) => one.exit_code },
];

export function Instances({ instances, now }: { instances: InstanceStatus[]; now: number }) {
  const columns = COLUMNS.filter(({ cell }) => instances.some((one) => cell(one, now) !== null));
  return (
    <div class="scroll">
      <table class="table">
        <thead>
          <tr>{columns.map(({ title }) => <th>{title}</th>)}</tr>
        </thead>
        <tbody>
          {instances.map((one) => <tr>{columns.map(({ cell }) => <td>{cell(one, now)}</td>)}</tr>)}
        </tbody>
      </table>
    </div>
  );
}

/** How others know it: its process, or its container. */
export function identity(instance: InstanceStatus): string {
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
