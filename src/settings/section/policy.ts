/** `[policy]`: what git may ask of this device. */
import { capability } from "../../manifest/field/capability.ts";
import { flag, list, text } from "../../manifest/grammar.ts";
import type { Table } from "../../manifest/place.ts";
import { type Section, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

/** No step leads out of /dev. */
const DEVICE = text({
  pattern: /^\/dev(\/(?!\.{1,2}(\/|$))[^/\s\0]+)+$/,
  wants: 'a path like "/dev/ttyUSB0" or "/dev/video*"',
});

/** No step leads back. */
const HOST_PATH = text({ pattern: /^\/(?!(.*\/)?\.\.(\/|$))[^\0]*$/, wants: 'an absolute path like "/srv/media"' });

/** As Docker itself has it. */
const NETWORK = text({ pattern: /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, wants: 'the name of a network like "proxy"' });

export const POLICY: Section = {
  name: "policy",
  fields: [
    setting(
      "allow_devices",
      list(DEVICE, "an array of paths"),
      [],
      "What of /dev a manifest may ask for; * is a glob",
    ),
    setting(
      "allow_capabilities",
      list(capability, "an array of capabilities"),
      [],
      "Which capabilities a manifest may ask for",
    ),
    setting("allow_gpus", flag, false, "Whether a manifest may ask for GPUs"),
    setting("allow_root", flag, true, "Whether a manifest may ask to run as root"),
    setting("allow_privileged", flag, false, "Whether a container may be privileged, or take off its confinement"),
    setting("allow_host_network", flag, false, "Whether a container may use the device's own network"),
    setting(
      "allow_host_paths",
      list(HOST_PATH, "an array of absolute paths"),
      [],
      "Which paths of the device, and all below them, containers may mount",
    ),
    setting(
      "allow_networks",
      list(NETWORK, "an array of names"),
      [],
      "Which networks of Docker, made by others, containers may join",
    ),
  ],
};

export function policyOf(read: Table): Settings["policy"] {
  return {
    allowDevices: read.allow_devices as string[],
    allowGpus: read.allow_gpus as boolean,
    allowCapabilities: read.allow_capabilities as string[],
    allowRoot: read.allow_root as boolean,
    allowPrivileged: read.allow_privileged as boolean,
    allowHostNetwork: read.allow_host_network as boolean,
    allowHostPaths: read.allow_host_paths as string[],
    allowNetworks: read.allow_networks as string[],
  };
}
