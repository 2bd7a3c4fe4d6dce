/** `[docker]`: the Engine API, and logins for registries. */
import { join, resolve } from "node:path";
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { text } from "../../schema/schema.ts";
import { type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

export const DOCKER = {
  name: "docker",
  fields: fields({
    host: setting(
      text({ pattern: /^unix:\/\/\/.+/, expected: 'a socket like "unix:///var/run/docker.sock"' }),
      "unix:///var/run/docker.sock",
      "Docker's socket",
    ),
    config: setting(
      text(),
      null,
      'Docker\'s own logins of registries; default: "~/.docker/config.json", and [registry."host"] comes first',
    ),
  }),
};

type Values = InferComplete<typeof DOCKER.fields>;

export function dockerOf({ host, config }: Values, { base, home }: SectionContext): Settings["docker"] {
  return { host, configFile: resolve(base, config ?? join(home, ".docker/config.json")) };
}
