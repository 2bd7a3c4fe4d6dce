/** `[[notify]]`: receivers of messages about this device. */
import type { DiagnosticScope } from "../schema/diagnostic.ts";
import { fields, readFields, required, withDefaults } from "../schema/field_table.ts";
import { duration } from "../schema/quantity.ts";
import { orOff } from "../schema/range.ts";
import { flag, list, oneOf, present, text } from "../schema/schema.ts";
import { isTable, type Table } from "../schema/toml_value.ts";
import { secret, secretOf } from "./secret_setting.ts";
import { setting } from "./section.ts";
import { NOTIFY_EVENTS, type NotifyTarget } from "./settings.ts";

export const NOTIFY_FIELDS = fields({
  type: required(oneOf("webhook", "ntfy", "slack", "discord"), { doc: "What the URL is of", example: 'type = "ntfy"' }),
  name: setting(
    text({ pattern: /^[\w .-]{1,40}$/, expected: "a short name" }),
    null,
    "In the status; default: its type",
  ),
  url: setting(secret, null, "Of Slack and Discord, better: url_file"),
  url_file: setting(text(), null, "A file with the URL"),
  secret: setting(secret, null, "Better: secret_file"),
  secret_file: setting(text(), null, "Of a webhook: a file with the secret that signs, as Standard Webhooks has it"),
  token: setting(secret, null, "Better: token_file"),
  token_file: setting(text(), null, "Of ntfy: a file with an access token"),
  events: setting(list(oneOf(...NOTIFY_EVENTS), "an array of events"), NOTIFY_EVENTS.slice(), "What is told"),
  repeat_interval: setting(orOff(duration(60_000)), 86_400_000, 'What lasts is told again after this; or "off"'),
  allow_local: setting(flag, false, "Whether the URL may lead to this device or its link-local network"),
});

/** Returns the receivers in the order of the file. Messages quote no URL and no secret. */
export async function readNotify(
  given: unknown,
  { scope, base }: { scope: DiagnosticScope; base: string },
): Promise<NotifyTarget[]> {
  if (given === undefined) return [];
  if (!Array.isArray(given) || !given.every(isTable)) {
    scope.error("is no array of tables", "write [[notify]] on a line of its own, and its settings below");
    return [];
  }
  const targets: NotifyTarget[] = [];
  for (const [index, table] of given.entries()) {
    const target = await readTarget(table, { scope: scope.at(index), base });
    if (target === null) continue;
    const same = targets.filter(({ name }) => name === target.name || name.startsWith(`${target.name} `)).length;
    targets.push({ ...target, name: same === 0 ? target.name : `${target.name} ${same + 1}` });
  }
  return targets;
}

async function readTarget(
  table: Table,
  { scope, base }: { scope: DiagnosticScope; base: string },
): Promise<NotifyTarget | null> {
  const read = readFields(NOTIFY_FIELDS, table, { scope });
  const options = { scopeOf: (key: string) => scope.at(key), base };
  const url = await secretOf(read.url, { ...options, name: "url", file: read.url_file });
  const secret = await secretOf(read.secret, { ...options, name: "secret", file: read.secret_file });
  const token = await secretOf(read.token, { ...options, name: "token", file: read.token_file });
  const isReported = read.url === undefined || typeof read.url_file === "string";
  if (url === null) {
    if (!isReported) scope.error('the field "url" is missing', 'write url = "https://..." or url_file = "..."');
    return null;
  }
  if (!/^https?:\/\/[^\s]+$/.test(url) || !URL.canParse(url) || new URL(url).username !== "") {
    // Not quoted: whoever knows a Slack URL can write to its channel.
    scope.at(read.url === null ? "url_file" : "url").error("is no http or https URL without credentials");
    return null;
  }
  const { type, name, events, repeat_interval, allow_local } = withDefaults(NOTIFY_FIELDS, read);
  if (type === undefined) return null;
  return {
    name: name ?? type,
    type,
    url,
    secret,
    token,
    events: present(events),
    repeatIntervalMs: repeat_interval,
    allowLocal: allow_local,
  };
}
