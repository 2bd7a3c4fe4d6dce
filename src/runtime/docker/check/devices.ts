/** Device nodes and GPUs of a container: looked at before Docker is asked, since it would say so only at the start. */
import { checkDevicesAllowed, checkIsDevice, type DevicePolicy } from "../../../model/device_policy.ts";
import type { DockerWorkload } from "../../../model/workload.ts";

/** Throws a `Failure` for a device or GPU that the owner does not allow, or a device that is not there. */
export async function checkDevices(workload: DockerWorkload, policy: DevicePolicy): Promise<void> {
  checkDevicesAllowed(workload, policy);
  // Docker would give a whole folder of devices for the name of one.
  for (const path of workload.devices) checkIsDevice(path, await Deno.stat(path).catch(() => null));
}
