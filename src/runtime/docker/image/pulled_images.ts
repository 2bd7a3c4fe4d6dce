/** Images that this device pulled: what was here before, or came by hand, is never among them. */
import type { PulledImage } from "../../../model/pulled_image.ts";
import type { Engine } from "../engine.ts";
import type { ImageAnswer } from "../api_types.ts";

/** Where the list survives a restart of the daemon. */
export interface PulledImages {
  readonly images: readonly PulledImage[];
  save(images: readonly PulledImage[]): Promise<void>;
}

/** Ids of all images, whoever brought them. */
export async function imageIds(engine: Engine): Promise<ReadonlySet<string>> {
  const { body } = await engine.call("GET /images/json", {
    task: "list images",
    query: { all: "1" },
    timeoutMs: 60_000,
  });
  return new Set((body as ImageAnswer[]).flatMap((imageAnswer) => imageAnswer.Id ?? []));
}

/** After a pull: the image is ours unless it was `before` without being ours. */
export async function recordPulled(
  inventory: PulledImages,
  { id, name, before }: { id: string; name: string; before: ReadonlySet<string> },
): Promise<void> {
  const known = inventory.images.find((image) => image.id === id);
  if (known === undefined && before.has(id)) return;
  const names = [...new Set([...known?.names ?? [], name])];
  await inventory.save([...inventory.images.filter((image) => image !== known), { id, names }]);
}
