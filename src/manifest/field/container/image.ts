/** [pure] The image of a deployment: its name, when it is asked of its registry, and how it follows a tag that moves. */
import type { DockerWorkload, ImageUpdates } from "../../../model/workload.ts";
import { type Field, field, oneOf, readFields, type Schema, tableSchema, text } from "../../../schema/schema.ts";
import { type DiagnosticScope, isTable, type Table } from "../../../schema/diagnostic.ts";
import { duration } from "../../../schema/quantity.ts";

/** A look costs the registry a request, and Docker Hub counts those. */
const INTERVAL_MS = 60 * 60_000;

const BY = oneOf("off", "digest");

export const UPDATE_IMAGE_FIELDS: Field[] = [
  field("by", BY, "digest", {
    defaultText: '"digest"',
    doc: '"digest" follows the tag to another content, "off" does not',
    example: 'by = "digest"',
  }),
  field("interval", duration(1000), INTERVAL_MS, {
    defaultText: '"1h"',
    doc: "How often the registry is asked",
    example: 'interval = "6h"',
  }),
  field("cooldown", duration(), 0, {
    defaultText: '"0s"',
    doc: "How old a new content must be, since it was first seen, before it is taken",
    example: 'cooldown = "2d"',
  }),
];

const updateImage: Schema<ImageUpdates | null> = {
  expected: `${BY.expected}, or a table`,
  jsonSchema: { anyOf: [BY.jsonSchema, tableSchema(UPDATE_IMAGE_FIELDS)] },
  read(value, scope) {
    if (!isTable(value)) {
      const by = BY.read(value, scope);
      return by === "digest" ? { intervalMs: INTERVAL_MS, cooldownMs: 0 } : by === "off" ? null : undefined;
    }
    const { by, interval, cooldown } = readFields(UPDATE_IMAGE_FIELDS, value, { scope });
    return by === "off" ? null : { intervalMs: interval as number, cooldownMs: cooldown as number };
  },
};

export const IMAGE_FIELDS: Field[] = [
  field("image", imageReference(), undefined, { required: true, doc: "What to run", example: 'image = "nginx:1.27"' }),
  field("pull", oneOf("missing", "always", "never"), "missing", {
    defaultText: '"missing"',
    doc: '"always" asks the registry whenever it changes, and fails without it; "never" takes what is here',
    example: 'pull = "always"',
  }),
  field("platform", platform(), null, {
    defaultText: "the device's",
    doc: "Of an image that is there for more than one",
    example: 'platform = "linux/arm64"',
  }),
  field("update_image", updateImage, null, {
    defaultText: '"off"',
    doc: "Whether it follows its tag when that moves to another content, by an ordinary rollout",
    example: 'update_image = { interval = "6h", cooldown = "2d" }',
  }),
];

/** What of these fields depends on more than one of them. */
export function buildImage(
  read: Table,
  scope: DiagnosticScope,
): Pick<DockerWorkload, "image" | "pinnedImage" | "pull" | "platform" | "imageUpdates"> {
  const [image, pull] = [read.image as string, read.pull as DockerWorkload["pull"]];
  const imageUpdates = (read.update_image ?? null) as ImageUpdates | null;
  const at = scope.at("update_image");
  if (imageUpdates !== null && image?.includes("@")) {
    at.error("has nothing to follow: the image names one content by its digest", "take out one of the two");
  }
  if (imageUpdates !== null && pull === "never") {
    at.error('needs another pull than "never"', 'take out pull = "never"');
  }
  return {
    image,
    pinnedImage: null,
    pull,
    platform: read.platform as string | null,
    imageUpdates,
  };
}

function platform(): Schema<string> {
  return text({ pattern: /^linux\/[a-z0-9_]+(\/v\d+)?$/, expected: 'a platform like "linux/arm64" or "linux/arm/v7"' });
}

/** The grammar of github.com/distribution/reference, without its length rules. */
function imageReference(): Schema<string> {
  const label = "[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*";
  const host = String.raw`(?:\[[a-fA-F0-9:]+\]|${label}(?:\.${label})*)(?::\d+)?`;
  const name = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
  const tag = String.raw`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;
  const pattern = new RegExp(`^(?:${host}/)?${name}(?:/${name})*(?::${tag})?(?:@sha256:[a-f0-9]{64})?$`);
  return text({ pattern, expected: 'an image like "nginx:1.27" or "registry.example.org/team/app@sha256:..."' });
}
