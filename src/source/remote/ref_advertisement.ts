/** What a server says before it is asked: https://git-scm.com/docs/gitprotocol-v2, and gitprotocol-pack for version 0. */
import { damaged } from "../git_failure.ts";
import { PktLineReader } from "./pkt_line_reader.ts";

export interface RemoteRefs {
  /** By full name of the ref; a tag's is that of the commit it leads to. */
  ids: Map<string, string>;
  /** Full name of the branch that HEAD points to; null when the answer does not say. */
  defaultBranch: string | null;
  /** A server of version 0 gives only what it named: for what a tag leads to, the tag. */
  tagOf?: Map<string, string>;
}

export type RefAdvertisement =
  /** By name; empty for one without a value. */
  | { version: 2; capabilities: Map<string, string> }
  | { version: 0; capabilities: Map<string, string>; refs: RemoteRefs };

/** Reads up to the packet that ends it, and no further. */
export async function readRefAdvertisement(packets: PktLineReader): Promise<RefAdvertisement> {
  let line = await packets.line();
  // Smart HTTP tells which service speaks first, https://git-scm.com/docs/http-protocol.
  if (line?.startsWith("# service=")) {
    await packets.line();
    line = await packets.line();
  }
  if (line === "version 1") line = await packets.line();
  if (line === "version 2") return { version: 2, capabilities: await capabilities(packets) };
  return await oldGreeting(line, packets);
}

async function capabilities(packets: PktLineReader): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let line = await packets.line(); line !== null; line = await packets.line()) {
    const [, name = line, value = ""] = /^([^=]*)=(.*)$/.exec(line) ?? [];
    found.set(name, value);
  }
  return found;
}

async function oldGreeting(first: string | null, packets: PktLineReader): Promise<RefAdvertisement> {
  const refs: RemoteRefs = { ids: new Map(), defaultBranch: null, tagOf: new Map() };
  const [, words = ""] = first?.split("\0") ?? [];
  const given = words.split(" ").filter((word) => word !== "");
  const found = new Map(given.map((word) => {
    const at = word.indexOf("=");
    return at < 0 ? [word, ""] as const : [word.slice(0, at), word.slice(at + 1)] as const;
  }));
  const head = given.find((word) => word.startsWith("symref=HEAD:"));
  if (head !== undefined) refs.defaultBranch = head.slice("symref=HEAD:".length);
  for (let line = first; line !== null; line = await packets.line()) {
    const [, id, name] = /^([0-9a-f]{40}|[0-9a-f]{64}) ([^\0]+)/.exec(line) ?? [];
    if (id === undefined || name === undefined) {
      if (/^shallow /.test(line)) continue;
      throw damaged(packets.url, "it is not git's protocol");
    }
    if (name === "capabilities^{}") continue;
    const plain = name.replace(/\^\{\}$/, "");
    // What a tag leads to comes after the tag itself, and counts.
    if (plain !== name) refs.tagOf!.set(id, refs.ids.get(plain) ?? id);
    refs.ids.set(plain, id);
  }
  return { version: 0, capabilities: found, refs };
}
