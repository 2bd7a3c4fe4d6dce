/** Room for an image. Docker tells no size before it pulls, so all that can be looked at is what is free. */
import { statfs } from "node:fs/promises";
import { Failure } from "../../../failure.ts";
import type { Engine } from "../engine.ts";
import type { InfoAnswer } from "../api_types.ts";

/**
 * Throws a `Failure` when less than the reserve is free where Docker keeps images. Where that can not be seen (a Docker
 * elsewhere, a folder of root's) Docker itself will say that the disk is full.
 */
export async function checkImageSpace(
  engine: Engine,
  { image, reserveBytes }: { image: string; reserveBytes: number },
) {
  const { body } = await engine.call("GET /info", { task: "tell where it keeps images", timeoutMs: 20_000 });
  const directory = (body as InfoAnswer | null)?.DockerRootDir ?? "";
  const found = directory === "" ? null : await statfs(directory).catch(() => null);
  if (found === null) return;
  const free = found.bavail * found.bsize;
  if (free >= reserveBytes) return;
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  throw new Failure(
    `Image "${image}" is not pulled: ${megabytes(free)} MB are free in "${directory}", and ${
      megabytes(reserveBytes)
    } MB are kept`,
    {
      kind: "refused",
      reason: "insufficient_disk",
      hint: "free some space, or lower disk_reserve below [limits] in config.toml",
    },
  );
}
