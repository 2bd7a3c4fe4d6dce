/** What an image says of the containers that are made of it. */
import { imagePath } from "../../../model/image_name.ts";
import type { Engine } from "../engine.ts";
import type { ImageAnswer } from "../api_types.ts";

const TIMEOUT_MS = 20_000;

/** By name or id; null when the image is not here. Throws a `Failure` when Docker does not answer. */
export async function imageConfig(engine: Engine, image: string): Promise<NonNullable<ImageAnswer["Config"]> | null> {
  const { status, body } = await engine.call(`GET /images/${imagePath(image)}/json`, {
    task: `look at image "${image}"`,
    accept: [404],
    timeoutMs: TIMEOUT_MS,
  });
  return status === 404 ? null : (body as ImageAnswer).Config ?? {};
}
