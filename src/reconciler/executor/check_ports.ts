/** Ports that somebody else holds, found before anything is stopped for them. */
import type { Workload } from "../../model/workload.ts";
import { portNumber } from "../../model/port.ts";
import { checkPortsFree } from "../../runtime/native/port/free_ports.ts";
import type { Device } from "../../daemon/device.ts";
import { observedInstances } from "../../model/instance.ts";

/** Throws `port_conflict`, naming the holder. What this workload's own instances hold will be free in time. */
export async function checkNewPorts({ observations }: Device, { name, ports }: Workload): Promise<void> {
  const instances = observedInstances(observations).filter((
    instance,
  ) => instance.workload === name);
  const own = new Set(
    instances.flatMap((instance) => instance.state === "exited" ? [] : instance.ports.map(portNumber)),
  );
  await checkPortsFree(ports.filter(({ host }) => host !== null && host !== 0 && !own.has(host)));
}
