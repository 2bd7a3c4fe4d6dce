/** [pure] What a container may do: little, unless its manifest asks and the device's owner allows it (model/policy/). */
import type { SecurityOption } from "../../../model/container_options.ts";
import { DEFAULT_CAPABILITIES } from "../../../model/policy/allowed_capabilities.ts";
import type { DockerWorkload } from "../../../model/workload.ts";
import type { CreateContainer } from "../api_types.ts";

/**
 * Processes and threads, where a manifest says nothing: as Podman has it (pids_limit in containers.conf(5)). A fork bomb
 * ends there; databases and JVMs stay far below.
 */
export const DEFAULT_PIDS = 2048;

type HostConfig = CreateContainer["HostConfig"];
type Confinement =
  & Pick<HostConfig, "PidsLimit" | "SecurityOpt">
  & Pick<
    Partial<HostConfig>,
    "CapAdd" | "CapDrop" | "Privileged" | "ReadonlyRootfs" | "GroupAdd" | "Sysctls" | "Ulimits"
  >;

export function securityOptions(workload: DockerWorkload): Confinement {
  const { sysctls, groupAdd } = workload;
  const ulimits = Object.entries(workload.ulimits);
  return {
    PidsLimit: workload.resources.pids ?? DEFAULT_PIDS,
    ...privileges(workload),
    ...(workload.readOnly === null ? {} : { ReadonlyRootfs: true }),
    ...(groupAdd.length === 0 ? {} : { GroupAdd: groupAdd }),
    ...(Object.keys(sysctls).length === 0 ? {} : { Sysctls: sysctls }),
    ...(ulimits.length === 0 ? {} : {
      Ulimits: ulimits.map(([Name, { soft, hard }]) => ({ Name, Soft: soft ?? -1, Hard: hard ?? -1 })),
    }),
  };
}

/** One that is privileged has every capability, and gains privileges as it likes. */
function privileges({ privileged, capAdd, capDrop, securityOpt }: DockerWorkload) {
  const options = securityOpt.flatMap(securityOption);
  if (privileged !== null) return { Privileged: true, SecurityOpt: options };
  const gains = securityOpt.some(({ type }) => type === "new-privileges");
  return {
    CapDrop: ["ALL"],
    CapAdd: capabilities({ capAdd, capDrop }),
    SecurityOpt: [...(gains ? [] : ["no-new-privileges"]), ...options],
  };
}

/** As compose has it: what is added counts even where all is dropped. */
function capabilities({ capAdd, capDrop }: Pick<DockerWorkload, "capAdd" | "capDrop">): string[] {
  const isDropped = (name: string) => capDrop.includes(name) || capDrop.includes("ALL");
  return [...new Set([...DEFAULT_CAPABILITIES.filter((name) => !isDropped(name)), ...capAdd])];
}

function securityOption(option: SecurityOption): string[] {
  switch (option.type) {
    case "new-privileges":
      return [];
    case "seccomp":
    case "apparmor":
      return [`${option.type}=${option.profile}`];
    case "label":
      return [`label=${option.value}`];
  }
}
