/** What manifests choose devices by, of this one. */
import type { Target } from "../manifest/device/selector.ts";
import type { Settings } from "../settings/settings.ts";
import type { SourceState } from "../store/source_state.ts";

/**
 * Docker counts from the day on which it answered for the first time: one that is only down now is no reason to take
 * anything for not selected.
 */
export function deviceFacts(
  settings: Pick<Settings, "device" | "labels" | "runtime">,
  { hasDocker }: Pick<SourceState, "hasDocker">,
): Required<Target> {
  return {
    device: settings.device,
    labels: settings.labels,
    arch: Deno.build.arch === "aarch64" ? "arm64" : "x86_64",
    memoryBytes: Deno.systemMemoryInfo().total,
    docker: settings.runtime.dockerEnabled && hasDocker === true,
  };
}
