/** The signal that ends a container whose manifest names none. */
import { logger } from "../../log.ts";
import { type SignalName, signalNamed } from "../../model/signal.ts";
import type { DockerWorkload } from "../../model/workload.ts";
import { createdFrom } from "./container.ts";
import type { Engine } from "./engine.ts";
import { imageConfig } from "./image/image_config.ts";
import type { CreateContainer, InspectedContainer } from "./api_types.ts";

const log = logger("docker");

/**
 * The STOPSIGNAL of the container's image; where the image is gone, the signal that the container was created with; else
 * SIGTERM. The image comes first because HarborNode 0.1 created every container with SIGTERM. Never throws: a container
 * must be stopped even when Docker does not answer this question.
 */
export async function containerStopSignal(engine: Engine, container: InspectedContainer | null): Promise<SignalName> {
  if (container === null) return "SIGTERM";
  let message = container.Config.StopSignal ?? "";
  try {
    const config = await imageConfig(engine, container.Image);
    if (config !== null) message = config.StopSignal ?? "";
  } catch (error) {
    log.warn("{error}", { error });
  }
  return signalNamed(message) ?? "SIGTERM";
}

/**
 * SIGTERM for a container whose manifest and image name no signal, as part of a create request; else nothing. Docker takes
 * every signal to a container without a stop signal for a stop by hand (moby, daemon/kill.go), and does not restart the
 * container afterwards: a signal to reload must not cost the restart policy.
 */
export async function defaultStopSignal(
  engine: Engine,
  workload: DockerWorkload,
): Promise<Pick<CreateContainer, "StopSignal">> {
  if (workload.stopSignal !== null) return {};
  const config = await imageConfig(engine, createdFrom(workload));
  return (config?.StopSignal ?? "") === "" ? { StopSignal: "SIGTERM" } : {};
}
