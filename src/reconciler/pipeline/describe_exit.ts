import type { Instance } from "../../model/instance.ts";

/** Describes how an instance ended, as the rest of a sentence: "ended with exit code 7". */
export function describeExit(instance: Instance): string {
  if (instance.exitCode === null) return "ended, and its exit code could not be learned";
  if (instance.warnings.some((warning) => warning.reason === "out_of_memory")) {
    return `ended with exit code ${instance.exitCode} (killed: over its memory limit)`;
  }
  const signal = instance.exitCode > 128 ? ` (killed by signal ${instance.exitCode - 128})` : "";
  return `ended with exit code ${instance.exitCode}${signal}`;
}
