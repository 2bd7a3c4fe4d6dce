/** `[docker]`: the Engine and its logins. */
import { join, resolve } from "node:path";
import { text } from "../../schema/schema.ts";
import type { Table } from "../../schema/diagnostic.ts";
import { type Section, type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

export const DOCKER: Section = {
  name: "docker",
  fields: [
    setting(
      "host",
      text({ pattern: /^unix:\/\/\/.+/, expected: 'a socket like "unix:///var/run/docker.sock"' }),
      "unix:///var/run/docker.sock",
      "Docker's socket",
    ),
    setting(
      "config",
      text(),
      null,
      'Docker\'s own logins of registries; default: "~/.docker/config.json", and [registry."host"] comes first',
    ),
  ],
};

export function dockerOf(read: Table, { base, home }: SectionContext): Settings["docker"] {
  return {
    host: read.host as string,
    configFile: resolve(base, read.config as string | null ?? join(home, ".docker/config.json")),
  };
}
