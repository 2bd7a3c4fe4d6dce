/**
 * What the author of a commit says to devices in its trailers (git-interpret-trailers(1)): `HarborNode-Skip` and
 * `HarborNode-Delay-Until`. They count for this commit alone, and only while it is the head.
 */
import { Failure } from "../failure.ts";
import { EVERY_DEVICE, isSelected, type Target } from "../manifest/device/selector.ts";
import { minuteText } from "../model/iso_timestamp.ts";
import { quoted } from "../model/escape.ts";
import type { Revision } from "../source/source.ts";
import { shortId } from "../model/git_ref.ts";

/** A revision that is not to be applied now, and that nothing is wrong with. */
export class RevisionDelayed extends Failure {
  /** Milliseconds since 1970; null: as long as it is the head. */
  constructor(message: string, readonly until: number | null) {
    super(message, { kind: "waiting", reason: until === null ? "revision_skipped" : "revision_delayed" });
  }
}

/**
 * Throws `RevisionDelayed`, or a `Failure` (`mistake`) for a time that cannot be read: a delay must not be lost by a
 * typing error.
 */
export function checkTrailers(
  revision: Pick<Revision, "id" | "commit">,
  { target, now }: { target: Target; now: number },
): void {
  const trailers = trailersOf(revision.commit);
  const at = `Revision ${shortId(revision.id)}`;
  const skip = trailers.get("harbornode-skip");
  if (skip !== undefined && skips(skip, target)) {
    throw new RevisionDelayed(`${at} is skipped: its commit says HarborNode-Skip: ${quoted(skip.slice(0, 60))}`, null);
  }
  const text = trailers.get("harbornode-delay-until");
  if (text === undefined) return;
  const until = timeOf(text);
  if (until === null) {
    throw new Failure(
      `${at} is delayed: its commit says HarborNode-Delay-Until: ${quoted(text.slice(0, 60))}, which is no time`,
      {
        kind: "mistake",
        reason: "revision_delayed",
        hint: 'push a commit with a time like "2026-12-01T03:00Z", or without the trailer',
      },
    );
  }
  if (until > now) throw new RevisionDelayed(`${at} is delayed until ${minuteText(until)}, as its commit says`, until);
}

/** By name in lower case; of several of one name the last counts. */
export function trailersOf(commit: Uint8Array): Map<string, string> {
  const text = new TextDecoder().decode(commit);
  const message = text.slice(text.indexOf("\n\n") + 2).trimEnd();
  const paragraphs = message.split(/\n[ \t]*\n/);
  // The first paragraph is the subject.
  const last = paragraphs.length < 2 ? "" : paragraphs.at(-1)!;
  const found = new Map<string, string>();
  for (const line of last.split("\n")) {
    const [, name, value] = /^([A-Za-z0-9-]+)[ \t]*:[ \t]*(.*?)[ \t\r]*$/.exec(line) ?? [];
    if (name !== undefined) found.set(name.toLowerCase(), value!);
  }
  return found;
}

/** "true", or devices as `on` names them. */
function skips(value: string, target: Target): boolean {
  if (/^(false|no|0)?$/i.test(value)) return false;
  if (/^(true|yes|1|all)$/i.test(value)) return true;
  return isSelected({ ...EVERY_DEVICE, any: value.split(/[\s,]+/).filter((one) => one !== "") }, target);
}

/** ISO 8601 with or without seconds; UTC where it names no zone. */
function timeOf(text: string): number | null {
  const [, date, time = "T00:00", zone = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:([T ]\d\d:\d\d(?::\d\d)?))?\s*(Z|[+-]\d\d:?\d\d)?$/i.exec(text) ?? [];
  if (date === undefined) return null;
  const ms = Date.parse(`${date}${time.replace(" ", "T")}${zone.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2")}`);
  return Number.isNaN(ms) ? null : ms;
}
