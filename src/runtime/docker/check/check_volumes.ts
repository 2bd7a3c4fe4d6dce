/** Whose the volumes of a container are: one that somebody else made is mounted by the owner's word alone. */
import { deny, policyFailure } from "../../../model/policy/denial.ts";
import type { DockerWorkload } from "../../../model/workload.ts";
import { LABEL } from "../container.ts";
import type { Engine } from "../engine.ts";
import type { VolumeAnswer } from "../api_types.ts";

/**
 * Throws a `Failure` for a volume that is there and does not have the device's mark. One that is not there is made by
 * Docker with the container, and marked; none is ever removed.
 */
export async function checkVolumes(
  { name, mounts }: Pick<DockerWorkload, "name" | "mounts">,
  { engine, deviceId, allowVolumes }: { engine: Engine; deviceId: string; allowVolumes: readonly string[] },
): Promise<void> {
  for (const [index, mount] of mounts.entries()) {
    if (mount.type !== "volume" || allowVolumes.includes(mount.source)) continue;
    const route = `GET /volumes/${encodeURIComponent(mount.source)}`;
    const { status, body } = await engine.call(route, { task: `look at volume "${mount.source}"`, accept: [404] });
    const labels = status === 404 ? null : (body as VolumeAnswer).Labels ?? {};
    // What was made for an image's VOLUME is its workload's alone.
    const isOwn = labels?.[LABEL.device] === deviceId && [undefined, name].includes(labels[LABEL.workload]);
    if (labels === null || isOwn) continue;
    const refusal = deny({ path: ["mounts", index], value: mount.source, key: "allow_volumes", by: "item" });
    throw policyFailure({ ...refusal, message: `${refusal.message}, a volume that it did not make for its workloads` });
  }
}
