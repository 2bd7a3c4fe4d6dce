/** `[[notify]]`: who is told what happens on this device. */
import { duration } from "../schema/quantity.ts";
import { type Field, flag, list, oneOf, readFields, text } from "../schema/schema.ts";
import { type DiagnosticScope, isTable, type Table } from "../schema/diagnostic.ts";
import { orOff } from "../schema/range.ts";
import { secret, secretOf } from "./secret_setting.ts";
import { setting } from "./section.ts";
import { NOTIFY_EVENTS, type NotifyTarget } from "./settings.ts";

export const NOTIFY_FIELDS: Field[] = [
  {
    name: "type",
    schema: oneOf("webhook", "ntfy", "slack", "discord"),
    fallback: null,
    defaultText: "",
    required: true,
    doc: "What the URL is of",
    example: 'type = "ntfy"',
  },
  setting(
    "name",
    text({ pattern: /^[\w .-]{1,40}$/, expected: "a short name" }),
    null,
    "In the status; default: its type",
  ),
  setting("url", secret, null, "Of Slack and Discord, better: url_file"),
  setting("url_file", text(), null, "A file with the URL"),
  setting("secret", secret, null, "Better: secret_file"),
  setting("secret_file", text(), null, "Of a webhook: a file with the secret that signs, as Standard Webhooks has it"),
  setting("token", secret, null, "Better: token_file"),
  setting("token_file", text(), null, "Of ntfy: a file with an access token"),
  setting("events", list(oneOf(...NOTIFY_EVENTS), "an array of events"), NOTIFY_EVENTS.slice(), "What is told"),
  setting("repeat_interval", orOff(duration(60_000)), 86_400_000, 'What lasts is told again after this; or "off"'),
  setting("allow_local", flag, false, "Whether the URL may lead to this device or its link-local network"),
];

/** In the order of the file. Problems are told to `place`, and quote no URL and no secret. */
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
    const same = targets.filter((one) => one.name === target.name || one.name.startsWith(`${target.name} `)).length;
    targets.push({ ...target, name: same === 0 ? target.name : `${target.name} ${same + 1}` });
  }
  return targets;
}

async function readTarget(
  table: Table,
  { scope, base }: { scope: DiagnosticScope; base: string },
): Promise<NotifyTarget | null> {
  const read = readFields(NOTIFY_FIELDS, table, { scope });
  const value = (name: string) => secretOf(read, { name, scopeOf: (key) => scope.at(key), base });
  const [url, secret, token] = [await value("url"), await value("secret"), await value("token")];
  const isTold = read.url === undefined || typeof read.url_file === "string";
  if (url === null) {
    if (!isTold) scope.error('the field "url" is missing', 'write url = "https://..." or url_file = "..."');
    return null;
  }
  if (!/^https?:\/\/[^\s]+$/.test(url) || !URL.canParse(url) || new URL(url).username !== "") {
    // Not quoted: who knows a Slack URL can write there.
    scope.at(read.url === null ? "url_file" : "url").error("is no http or https URL without credentials");
    return null;
  }
  if (typeof read.type !== "string" || read.allow_local === undefined) return null;
  return {
    name: read.name as string | null ?? read.type,
    type: read.type as NotifyTarget["type"],
    url,
    secret,
    token,
    events: (read.events as NotifyTarget["events"] | undefined ?? []).filter((one) => one !== undefined),
    repeatIntervalMs: read.repeat_interval as number | null,
    allowLocal: read.allow_local as boolean,
  };
}
