/** [pure] A look at a few refs in version 2 of git's protocol: https://git-scm.com/docs/protocol-v2#_ls_refs */
import type { RemoteRefs } from "./ref_advertisement.ts";
import { pktLine } from "./pkt_line.ts";

export function lsRefsRequest(prefixes: readonly string[]): Uint8Array<ArrayBuffer> {
  const lines = [pktLine("command=ls-refs\n"), "0001", pktLine("peel\n"), pktLine("symrefs\n")];
  for (const prefix of prefixes) lines.push(pktLine(`ref-prefix ${prefix}\n`));
  return new TextEncoder().encode([...lines, "0000"].join(""));
}

/** Null when this is not a whole answer to `lsRefsRequest`: an older server, or no git server at all. */
export function parseLsRefs(answer: Uint8Array): RemoteRefs | null {
  const refs: RemoteRefs = { ids: new Map(), defaultBranch: null };
  for (let at = 0; at + 4 <= answer.length;) {
    const size = Number.parseInt(text(answer.subarray(at, at + 4)), 16);
    if (size === 0) return at + 4 === answer.length ? refs : null;
    if (!(size > 4) || at + size > answer.length) return null;
    const [id = "", name = "", ...attributes] = text(answer.subarray(at + 4, at + size)).trimEnd().split(" ");
    if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(id)) return null;
    const attribute = (key: string) => attributes.find((one) => one.startsWith(key))?.slice(key.length);
    refs.ids.set(name, attribute("peeled:") ?? id);
    if (name === "HEAD") refs.defaultBranch = attribute("symref-target:") ?? null;
    at += size;
  }
  return null;
}

/** The server's own words in an `ERR` packet; null when the answer is not one. */
export function serverError(answer: Uint8Array): string | null {
  return /^[0-9a-f]{4}ERR (.*)/.exec(text(answer.subarray(0, 1000)))?.[1]?.trim() ?? null;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
