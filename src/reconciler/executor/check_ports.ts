/** Ports that somebody else holds, found before anything is stopped for them. */
import type { Workload } from "../../model/workload.ts";
import { portNumber } from "../../model/port.ts";
import { checkPortsFree } from "../../runtime/native/port/free_ports.ts";
import type { Instance } from "../../model/instance.ts";

/** Throws `port_conflict`, naming the holder. `instances` are the workload's own: their ports will be free in time. */
export async function checkNewPorts({ ports }: Workload, instances: readonly Instance[]): Promise<void> {
  const own = new Set(
    instances.flatMap((instance) => instance.state === "exited" ? [] : instance.ports.map(portNumber)),
  );
  await checkPortsFree(ports.filter(({ host }) => host !== null && host !== 0 && !own.has(host)));
}
