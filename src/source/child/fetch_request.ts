/** [pure] A request for objects, in the version of the protocol that the server greeted with. */
import { packet } from "../remote/packet_line.ts";

export interface Wanted {
  /** Commits, or blobs. */
  ids: readonly string[];
  /** How many commits of history; null for all of it. */
  depth: number | null;
  /** "blob:none"; only what the server lists may be asked for. */
  filter: string | null;
  /** Commits that are here already, with all that belongs to them. */
  haves: readonly string[];
}

export function fetchRequest(
  version: 0 | 2,
  { ids, depth, filter, haves }: Wanted,
  offered: ReadonlySet<string>,
): Uint8Array<ArrayBuffer> {
  // A thin pack leaves out what its differences are based on, where that is here.
  const thin = haves.length > 0 ? ["thin-pack"] : [];
  const deepen = depth === null ? [] : [packet(`deepen ${depth}\n`)];
  const filters = filter === null ? [] : [packet(`filter ${filter}\n`)];
  const have = haves.map((id) => packet(`have ${id}\n`));
  const wants = (words: string) =>
    ids.map((id, index) => packet(`want ${id}${index === 0 && words !== "" ? ` ${words}` : ""}\n`));
  if (version === 2) {
    const options = [...thin, "ofs-delta", "no-progress"].map((word) => packet(`${word}\n`));
    const head = [packet("command=fetch"), "0001", ...options];
    return encode([...head, ...wants(""), ...have, ...deepen, ...filters, packet("done\n"), "0000"]);
  }
  const words = [...thin, "side-band-64k", "ofs-delta", "no-progress", ...(filter === null ? [] : ["filter"])];
  const known = words.filter((word) => offered.has(word) || word === "side-band-64k");
  return encode([...wants(known.join(" ")), ...deepen, ...filters, "0000", ...have, packet("done\n")]);
}

function encode(parts: string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(parts.join(""));
}
