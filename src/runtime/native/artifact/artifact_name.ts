/** [pure] What an artifact is called: in sentences for people, and on disk. */
import type { Artifact } from "../../../model/workload.ts";

/** The last part of its URL, without what could be a secret: "app-1.2.tar.gz". */
export function displayName({ url }: Pick<Artifact, "url">): string {
  const { pathname, host } = new URL(url);
  const last = pathname.split("/").findLast((part) => part !== "");
  return last === undefined ? host : decoded(last);
}

/** The URL without user, query and fragment. */
export function displayUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** One name for one content on disk: the same archive unpacked in another way is another folder. */
export function directoryName({ sha256, format, stripComponents, name }: Artifact): string {
  if (format === "plain") return `${sha256}-plain-${name}`;
  return stripComponents === 0 ? `${sha256}-${format}` : `${sha256}-${format}-${stripComponents}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part).replace(/[\p{Cc}\p{Cf}]/gu, "");
  } catch {
    return part;
  }
}
