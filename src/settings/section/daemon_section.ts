/** `[daemon]`: source and trusted signers of HarborNode's own releases. */
import { resolve } from "node:path";
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { text } from "../../schema/schema.ts";
import { type SectionContext, setting } from "../section.ts";
import type { Settings } from "../settings.ts";

const FOLDER = text({
  pattern: /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/,
  expected: 'the URL of a folder like "https://mirror.example.org/harbornode/{version}", without credentials',
});

export const DAEMON = {
  name: "daemon",
  fields: fields({
    release_url: setting(FOLDER, null, "A folder with a release; {version} in it stands for the version wanted"),
    release_signers: setting(text(), null, "Who signs releases, in git's format of allowed signers; default: built in"),
  }),
};

type Values = InferComplete<typeof DAEMON.fields>;

export function daemonOf(values: Values, { base }: SectionContext): Settings["daemon"] {
  const { release_url: releaseUrl, release_signers: file } = values;
  return { releaseUrl, releaseSigners: file === null ? null : resolve(base, file) };
}
