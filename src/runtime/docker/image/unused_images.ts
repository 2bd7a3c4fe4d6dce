/** Takes away images that this device pulled and nothing needs any more: no spec, and no container of anybody. */
import { logger } from "../../../log.ts";
import type { PulledImage } from "../../../model/pulled_image.ts";
import type { DockerWorkload } from "../../../model/workload.ts";
import { createdFrom } from "../container.ts";
import type { Engine } from "../engine.ts";
import type { ImageAnswer, ListedContainer } from "../api_types.ts";
import type { PulledImages } from "./pulled_images.ts";
import { fullName, imagePath, repositoryOf } from "../../../model/image_name.ts";

const log = logger("docker");

/**
 * Keeps what `specs` are made of. Only names that we pulled are taken away: an image that somebody gave another name
 * stays under that. Returns whether all that nothing needs is gone.
 */
export async function cleanImages(
  { engine, inventory }: { engine: Engine; inventory: PulledImages },
  specs: readonly DockerWorkload[],
): Promise<boolean> {
  const needed = new Set(await usedByContainers(engine));
  for (const name of new Set(specs.map(createdFrom))) {
    const found = await look(engine, name);
    if (found?.Id !== undefined) needed.add(found.Id);
  }
  let isDone = true;
  for (const image of inventory.images.filter((pulledImage) => !needed.has(pulledImage.id))) {
    if (await takeAway(engine, image)) {
      await inventory.save(inventory.images.filter((pulledImage) => pulledImage.id !== image.id));
    } else isDone = false;
  }
  return isDone;
}

/** Running or not, and whoever they belong to. */
async function usedByContainers(engine: Engine): Promise<string[]> {
  const call = { task: "list containers", query: { all: "1" }, timeoutMs: 20_000 };
  const { body } = await engine.call("GET /containers/json", call);
  return (body as ListedContainer[]).flatMap((container) => container.ImageID ?? []);
}

async function look(engine: Engine, image: string): Promise<ImageAnswer | null> {
  const task = `look at image "${image}"`;
  const { status, body } = await engine.call(`GET /images/${imagePath(image)}/json`, { task, accept: [404] });
  return status === 404 ? null : body as ImageAnswer;
}

/** False while Docker says that it is still used. */
async function takeAway(engine: Engine, image: PulledImage): Promise<boolean> {
  const found = await look(engine, image.id);
  if (found === null) return true;
  const names = namesToRemove(image, found);
  for (const name of names) {
    // Never by force: that would take it from under a container, or from another name.
    const call = { task: `remove image "${name}"`, accept: [404, 409], timeoutMs: 5 * 60_000 };
    const { status } = await engine.call(`DELETE /images/${imagePath(name)}`, call);
    if (status === 409) return false;
  }
  log.info('removed image "{name}", which nothing needs any more', { name: image.names[0] ?? image.id });
  return true;
}

/** Its tags first: with the last tag of a repository Docker takes away the digests by itself. */
export function namesToRemove({ id, names }: PulledImage, { RepoTags, RepoDigests }: ImageAnswer): string[] {
  const own = new Set(names.map(fullName));
  const repositories = new Set(names.map(repositoryOf));
  const tags = (RepoTags ?? []).filter((tag) => tag !== "<none>:<none>");
  const digests = (RepoDigests ?? []).filter((digest) => !digest.startsWith("<none>"));
  const found = [
    ...tags.filter((tag) => own.has(fullName(tag))),
    // A repository in which it has another tag is not left to us alone.
    ...digests.filter((digest) =>
      repositories.has(repositoryOf(digest)) &&
      !tags.some((tag) => repositoryOf(tag) === repositoryOf(digest) && !own.has(fullName(tag)))
    ),
  ];
  return tags.length + digests.length === 0 ? [id] : found;
}
