/** Room for an image. Docker tells no size before it pulls, so all that can be looked at is what is free. */
import { formatMegabytes } from "../../../model/size.ts";
import { insufficientDisk, spaceAboveReserve } from "../../../os/disk_reserve.ts";
import type { Engine } from "../engine.ts";
import type { InfoAnswer } from "../api_types.ts";

/**
 * Throws a `Failure` when less than the reserve is free where Docker keeps images. Where that cannot be seen (a Docker
 * elsewhere, a folder of root's) Docker itself will say that the disk is full.
 */
export async function checkImageSpace(
  engine: Engine,
  { image, reserveBytes }: { image: string; reserveBytes: number },
) {
  const { body } = await engine.call("GET /info", { task: "tell where it keeps images", timeoutMs: 20_000 });
  const directory = (body as InfoAnswer | null)?.DockerRootDir ?? "";
  const above = directory === "" ? null : await spaceAboveReserve({ directory, reserveBytes }).catch(() => null);
  if (above === null || above >= 0) return;
  const free = formatMegabytes(above + reserveBytes);
  throw insufficientDisk(
    `Image "${image}" is not pulled: ${free} are free in "${directory}", and ${formatMegabytes(reserveBytes)} are kept`,
  );
}
