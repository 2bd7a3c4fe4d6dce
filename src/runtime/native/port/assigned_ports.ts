/** [pure] What the device chose, put into a workload. */
import { substitutePorts, withAssignedPorts } from "../../../model/port.ts";
import type { NativeWorkload } from "../../../model/workload.ts";

/** The workload with its ports as this instance has them, wherever they are referred to. */
export function withPortEnvironment(workload: NativeWorkload, chosen: readonly number[]): NativeWorkload {
  const ports = withAssignedPorts(workload.ports, chosen);
  const fill = (text: string) => substitutePorts(text, ports);
  const env = Object.fromEntries(Object.entries(workload.env).map(([name, value]) => [name, fill(value)]));
  return { ...workload, ports, env, command: workload.command.map(fill) };
}
