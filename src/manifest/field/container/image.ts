/** [pure] `image`, `pull`, `platform`, `update_image`: the image of a deployment, and when it is pulled and updated. */
import type { DockerWorkload, ImageUpdates } from "../../../model/workload.ts";
import type { DiagnosticScope } from "../../../schema/diagnostic.ts";
import {
  field,
  fields,
  type Infer,
  readFields,
  required,
  tableSchema,
  withDefaults,
} from "../../../schema/field_table.ts";
import { duration } from "../../../schema/quantity.ts";
import { oneOf, type Schema, text } from "../../../schema/schema.ts";
import { isTable } from "../../../schema/toml_value.ts";

/** Each check costs the registry a request, and Docker Hub limits those. */
const INTERVAL_MS = 60 * 60_000;

const BY = oneOf("off", "digest");

export const UPDATE_IMAGE_FIELDS = fields({
  by: field(BY, "digest", {
    defaultText: '"digest"',
    doc: '"digest" follows the tag to another content, "off" does not',
    example: 'by = "digest"',
  }),
  interval: field(duration(1000), INTERVAL_MS, {
    defaultText: '"1h"',
    doc: "How often the registry is asked",
    example: 'interval = "6h"',
  }),
  cooldown: field(duration(), 0, {
    defaultText: '"0s"',
    doc: "How old a new content must be, since it was first seen, before it is taken",
    example: 'cooldown = "2d"',
  }),
});

const updateImage: Schema<ImageUpdates | null> = {
  expected: `${BY.expected}, or a table`,
  jsonSchema: { anyOf: [BY.jsonSchema, tableSchema(UPDATE_IMAGE_FIELDS)] },
  read(value, scope) {
    if (!isTable(value)) {
      const by = BY.read(value, scope);
      return by === "digest" ? { intervalMs: INTERVAL_MS, cooldownMs: 0 } : by === "off" ? null : undefined;
    }
    const read = withDefaults(UPDATE_IMAGE_FIELDS, readFields(UPDATE_IMAGE_FIELDS, value, { scope }));
    return read.by === "off" ? null : { intervalMs: read.interval, cooldownMs: read.cooldown };
  },
};

export const IMAGE_FIELDS = fields({
  image: required(imageReference(), { doc: "What to run", example: 'image = "nginx:1.27"' }),
  pull: field(oneOf("missing", "always", "never"), "missing", {
    defaultText: '"missing"',
    doc: '"always" asks the registry whenever it changes, and fails without it; "never" takes what is here',
    example: 'pull = "always"',
  }),
  platform: field(platform(), null, {
    defaultText: "the device's",
    doc: "Of an image that is there for more than one",
    example: 'platform = "linux/arm64"',
  }),
  update_image: field(updateImage, null, {
    defaultText: '"off"',
    doc: "Whether it follows its tag when that moves to another content, by an ordinary rollout",
    example: 'update_image = { interval = "6h", cooldown = "2d" }',
  }),
});

type ImageOptions = Pick<DockerWorkload, "image" | "pinnedImage" | "pull" | "platform" | "imageUpdates">;

type ImageRead = Infer<typeof IMAGE_FIELDS> & { image: string };

/** Reports image updates that cannot happen. */
export function buildImage(read: ImageRead, scope: DiagnosticScope): ImageOptions {
  const { image } = read;
  const { pull, platform, update_image: imageUpdates } = withDefaults(IMAGE_FIELDS, read);
  const at = scope.at("update_image");
  if (imageUpdates !== null && image.includes("@")) {
    at.error("has nothing to follow: the image names one content by its digest", "take out one of the two");
  }
  if (imageUpdates !== null && pull === "never") {
    at.error('needs another pull than "never"', 'take out pull = "never"');
  }
  return { image, pinnedImage: null, pull, platform, imageUpdates };
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
