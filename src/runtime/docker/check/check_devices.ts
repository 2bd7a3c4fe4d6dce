/** Device nodes of a container: looked at before Docker is asked, since it would say so only at the start. */
import { checkIsDevice } from "../../../model/policy/allowed_device_nodes.ts";
import type { DockerWorkload } from "../../../model/workload.ts";

/** Throws a `Failure` for a device that is not there, or is none. */
export async function checkDevices(workload: DockerWorkload): Promise<void> {
  // Docker would give a whole folder of devices for the name of one.
  for (const path of workload.devices) checkIsDevice(path, await Deno.stat(path).catch(() => null));
}
