/** What runs the container instead of Docker's default, like gVisor or Kata Containers: Docker must have been told of it. */
import { Failure } from "../../../failure.ts";
import type { DockerWorkload } from "../../../model/workload.ts";
import type { Engine } from "../engine.ts";
import type { InfoAnswer } from "../api_types.ts";

/** Throws a `Failure` for one that Docker does not know. Asks nothing for a workload that names none. */
export async function checkOciRuntime({ ociRuntime }: DockerWorkload, engine: Engine): Promise<void> {
  if (ociRuntime === null) return;
  const { body } = await engine.call("GET /info", { task: "tell of its runtimes" });
  const known = Object.keys((body as InfoAnswer).Runtimes ?? {});
  // One that containerd brings is taken by its whole name, and seen nowhere before the start.
  if (known.includes(ociRuntime) || /^io\.containerd\./.test(ociRuntime)) return;
  throw new Failure(`oci_runtime: Docker has no runtime "${ociRuntime}" on this device`, {
    kind: "refused",
    reason: "start_failed",
    hint: `it has ${
      known.sort().join(", ") || "none"
    }; a further one belongs into "runtimes" of /etc/docker/daemon.json`,
  });
}
