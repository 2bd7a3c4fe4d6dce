/** The signal that ends a container whose manifest names none. */
import { logger } from "../../../log.ts";
import { type SignalName, signalNamed } from "../../../model/process/signal.ts";
import type { Engine } from "../engine.ts";
import { imageConfig } from "../image/config.ts";
import type { InspectedContainer } from "../wire.ts";

const log = logger("docker");

/**
 * The STOPSIGNAL of the container's image; where the image is gone, the signal that the container was created with; else
 * SIGTERM. The image comes first because HarborNode 0.1 created every container with SIGTERM. Never throws: a container
 * must be stopped even when Docker does not answer this question.
 */
export async function ownStopSignal(engine: Engine, container: InspectedContainer | null): Promise<SignalName> {
  if (container === null) return "SIGTERM";
  let said = container.Config.StopSignal ?? "";
  try {
    const config = await imageConfig(engine, container.Image);
    if (config !== null) said = config.StopSignal ?? "";
  } catch (error) {
    log.warn("{error}", { error });
  }
  return signalNamed(said) ?? "SIGTERM";
}
