/**
 * The few bytes of git's protocol version 2 that a look at one branch needs.
 * https://git-scm.com/docs/protocol-v2#_ls_refs
 */

export interface RemoteRefs {
  /** Commit id by full name of the ref. */
  ids: Map<string, string>;
  /** Full name of the branch that HEAD points to; null when the answer does not say. */
  defaultBranch: string | null;
}

export function lsRefsRequest(prefixes: readonly string[]): Uint8Array<ArrayBuffer> {
  const lines = [packet("command=ls-refs\n"), "0001", packet("symrefs\n")];
  for (const prefix of prefixes) lines.push(packet(`ref-prefix ${prefix}\n`));
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
    refs.ids.set(name, id);
    const target = attributes.find((attribute) => attribute.startsWith("symref-target:"));
    if (name === "HEAD" && target !== undefined) refs.defaultBranch = target.slice("symref-target:".length);
    at += size;
  }
  return null;
}

/** The server's own words in an `ERR` packet; null when the answer is not one. */
export function serverError(answer: Uint8Array): string | null {
  return /^[0-9a-f]{4}ERR (.*)/.exec(text(answer.subarray(0, 1000)))?.[1]?.trim() ?? null;
}

function packet(line: string): string {
  return (new TextEncoder().encode(line).length + 4).toString(16).padStart(4, "0") + line;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
