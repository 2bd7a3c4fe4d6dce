/** `[runtime]`: the runtimes of this device, and which one a workload gets. */
import { WORKLOAD_NAME } from "../../model/workload_name.ts";
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { flag, mapOf, oneOf } from "../../schema/schema.ts";
import { setting } from "../section.ts";
import type { Settings } from "../settings.ts";

const MODE = oneOf("native", "docker");

export const RUNTIME = {
  name: "runtime",
  fields: fields({
    docker_enabled: setting(flag, true, "Whether deployments run here"),
    native_enabled: setting(flag, true, "Whether services run here"),
    default_mode: setting(
      MODE,
      null,
      "For workloads that can run either way; default: a service native, a deployment in Docker",
    ),
    modes: setting(
      mapOf(MODE, { pattern: WORKLOAD_NAME, expected: "the name of a workload" }),
      {},
      'The mode of single workloads, whatever git says: NAME = "native" or "docker"',
    ),
  }),
};

type Values = InferComplete<typeof RUNTIME.fields>;

export function runtimeOf(values: Values): Settings["runtime"] {
  return {
    dockerEnabled: values.docker_enabled,
    nativeEnabled: values.native_enabled,
    defaultMode: values.default_mode,
    modes: values.modes,
  };
}
