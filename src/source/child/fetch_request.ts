/**
 * [pure] A request for objects, in the version of the protocol that the server greeted with. Nothing is said to be here
 * already: each fetch goes into an empty folder.
 */
import { packet } from "../remote/packet_line.ts";

export interface Wanted {
  /** Commits, or blobs. */
  ids: readonly string[];
  /** How many commits of history; null for all of it. */
  depth: number | null;
  /** "blob:none"; only what the server lists may be asked for. */
  filter: string | null;
}

export function fetchRequest(
  version: 0 | 2,
  { ids, depth, filter }: Wanted,
  offered: ReadonlySet<string>,
): Uint8Array<ArrayBuffer> {
  const deepen = depth === null ? [] : [packet(`deepen ${depth}\n`)];
  const filters = filter === null ? [] : [packet(`filter ${filter}\n`)];
  const wants = (words: string) =>
    ids.map((id, index) => packet(`want ${id}${index === 0 && words !== "" ? ` ${words}` : ""}\n`));
  if (version === 2) {
    const options = ["ofs-delta", "no-progress"].map((word) => packet(`${word}\n`));
    const head = [packet("command=fetch"), "0001", ...options];
    return encode([...head, ...wants(""), ...deepen, ...filters, packet("done\n"), "0000"]);
  }
  const words = ["side-band-64k", "ofs-delta", "no-progress", ...(filter === null ? [] : ["filter"])];
  const known = words.filter((word) => offered.has(word) || word === "side-band-64k");
  return encode([...wants(known.join(" ")), ...deepen, ...filters, "0000", packet("done\n")]);
}

function encode(parts: string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(parts.join(""));
}
