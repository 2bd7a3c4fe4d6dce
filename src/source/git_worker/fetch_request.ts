/**
 * [pure] A request for objects, in the version of the protocol that the server greeted with. Nothing is said to be here
 * already: each fetch goes into an empty folder.
 */
import { pktLine } from "../remote/pkt_line.ts";

export interface FetchWants {
  /** Commits, or blobs. */
  ids: readonly string[];
  /** How many commits of history; null for all of it. */
  depth: number | null;
  /** "blob:none"; only what the server lists may be asked for. */
  filter: string | null;
}

export function fetchRequest(
  version: 0 | 2,
  { ids, depth, filter }: FetchWants,
  offered: ReadonlySet<string>,
): Uint8Array<ArrayBuffer> {
  const deepen = depth === null ? [] : [pktLine(`deepen ${depth}\n`)];
  const filters = filter === null ? [] : [pktLine(`filter ${filter}\n`)];
  const wants = (words: string) =>
    ids.map((id, index) => pktLine(`want ${id}${index === 0 && words !== "" ? ` ${words}` : ""}\n`));
  if (version === 2) {
    const options = ["ofs-delta", "no-progress"].map((word) => pktLine(`${word}\n`));
    const head = [pktLine("command=fetch"), "0001", ...options];
    return encode([...head, ...wants(""), ...deepen, ...filters, pktLine("done\n"), "0000"]);
  }
  const words = ["side-band-64k", "ofs-delta", "no-progress", ...(filter === null ? [] : ["filter"])];
  const known = words.filter((word) => offered.has(word) || word === "side-band-64k");
  return encode([...wants(known.join(" ")), ...deepen, ...filters, "0000", pktLine("done\n")]);
}

function encode(parts: string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(parts.join(""));
}
