/** [pure] Where a container's output goes. Without a bound a chatty container fills the disk. */
import type { DockerWorkload } from "../../../model/workload.ts";
import type { CreateContainer } from "../api_types.ts";

/** Of two drivers alone: these can be bounded for each container, and read back through Docker. */
export function logConfig(
  { logs: { maxBytes, maxFiles }, logDriver }: Pick<DockerWorkload, "logs" | "logDriver">,
): CreateContainer["HostConfig"]["LogConfig"] {
  // Docker counts the file that is written to, and refuses to compress where there is no other.
  const Config = { "max-size": String(maxBytes), "max-file": String(maxFiles + 1) };
  const compress = String(maxFiles > 0);
  if (logDriver === "local") return { Type: "local", Config: { ...Config, compress } };
  return { Type: "json-file", Config: maxFiles === 0 ? Config : { ...Config, compress } };
}
