/** [pure] What a service finds in its environment. Nothing of the daemon's own is passed on. */
import { PROGRAM_PATH } from "../../os/program_path.ts";
import type { NativeWorkload } from "../../model/workload.ts";

/** In the environment of everything that an instance starts: how its processes are found. */
export const MARKER = "HARBORNODE_INSTANCE";

/** In the environment of every program of a workload, and of nothing that only starts it. */
export const OWN_MARKER = "HARBORNODE_WORKLOAD";

export interface EnvironmentInput {
  workload: NativeWorkload;
  slot: number;
  id: string;
  stateDirectory: string;
  /** Null for a workload without an artifact. */
  artifactDirectory: string | null;
  user: { name: string; home: string } | null;
  /** Variables that are secrets. */
  secrets?: Record<string, string>;
  /** The folder with the files that are; null where there are none. */
  credentialsDirectory?: string | null;
}

/** The manifest's own values win over all but the marker, by which an instance's processes are found. */
export function environment(
  { workload, slot, id, stateDirectory, artifactDirectory, user, secrets = {}, credentialsDirectory = null }:
    EnvironmentInput,
): Record<string, string> {
  const [first] = workload.ports;
  return {
    PATH: PROGRAM_PATH,
    LANG: "C.UTF-8",
    ...(user === null ? {} : { USER: user.name, LOGNAME: user.name, HOME: user.home }),
    STATE_DIRECTORY: stateDirectory,
    ...(artifactDirectory === null ? {} : { ARTIFACT_DIRECTORY: artifactDirectory }),
    ...(credentialsDirectory === null ? {} : { CREDENTIALS_DIRECTORY: credentialsDirectory }),
    [OWN_MARKER]: workload.name,
    HARBORNODE_SLOT: String(slot),
    ...(first === undefined ? {} : { PORT: String(first.container) }),
    ...Object.fromEntries(
      workload.ports.flatMap((port) => port.name === null ? [] : [[portVariable(port.name), String(port.container)]]),
    ),
    ...workload.env,
    ...secrets,
    [MARKER]: id,
  };
}

/** "http-admin" -> "PORT_HTTP_ADMIN" */
function portVariable(name: string): string {
  return `PORT_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
}
