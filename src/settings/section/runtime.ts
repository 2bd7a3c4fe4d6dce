/** `[runtime]`: what runs here, and in which way. */
import { flag, mapOf, oneOf } from "../../schema/schema.ts";
import { WORKLOAD_NAME } from "../../model/workload_name.ts";
import type { Table } from "../../schema/diagnostic.ts";
import type { RuntimeName } from "../../model/workload.ts";
import { type Section, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

const MODE = oneOf("native", "docker");

export const RUNTIME: Section = {
  name: "runtime",
  fields: [
    setting("docker_enabled", flag, true, "Whether deployments run here"),
    setting("native_enabled", flag, true, "Whether services run here"),
    setting(
      "default_mode",
      MODE,
      null,
      "For workloads that can run either way; default: a service native, a deployment in Docker",
    ),
    setting(
      "modes",
      mapOf(MODE, { pattern: WORKLOAD_NAME, expected: "the name of a workload" }),
      {},
      'The mode of single workloads, whatever git says: NAME = "native" or "docker"',
    ),
  ],
};

export function runtimeOf(read: Table): Settings["runtime"] {
  return {
    dockerEnabled: read.docker_enabled as boolean,
    nativeEnabled: read.native_enabled as boolean,
    defaultMode: read.default_mode as RuntimeName | null,
    modes: read.modes as Record<string, RuntimeName>,
  };
}
