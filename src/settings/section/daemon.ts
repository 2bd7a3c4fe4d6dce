/** `[daemon]`: where HarborNode gets other versions of itself from, and whom it believes. */
import { resolve } from "node:path";
import { text } from "../../schema/schema.ts";
import type { Table } from "../../schema/diagnostic.ts";
import { type Section, type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

const FOLDER = text({
  pattern: /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/,
  expected: 'the URL of a folder like "https://mirror.example.org/harbornode/{version}", without credentials',
});

export const DAEMON: Section = {
  name: "daemon",
  fields: [
    setting("release_url", FOLDER, null, "A folder with a release; {version} in it stands for the version wanted"),
    setting(
      "release_signers",
      text(),
      null,
      "Who signs releases, in git's format of allowed signers; default: built in",
    ),
  ],
};

export function daemonOf(read: Table, { base }: SectionContext): Settings["daemon"] {
  const file = read.release_signers as string | null;
  return {
    releaseUrl: read.release_url as string | null,
    releaseSigners: file === null ? null : resolve(base, file),
  };
}
