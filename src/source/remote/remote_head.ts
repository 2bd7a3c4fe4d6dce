/** Which commit a ref is at, in one small request where the server speaks version 2 of git's protocol. */
import { refMissing, repositoryEmpty, sha256Unsupported } from "../git_failure.ts";
import { fullNames, type Ref } from "../../model/git_ref.ts";
import { concat } from "../../model/bytes.ts";
import { readRefAdvertisement, type RemoteRefs } from "./ref_advertisement.ts";
import { lsRefsRequest, parseLsRefs, serverError } from "./ls_refs.ts";
import { PktLineReader, ServerError } from "./pkt_line_reader.ts";
import type { Connect, Transport } from "./transport.ts";

export interface RemoteRef {
  url: string;
  ref: Ref;
  signal: AbortSignal;
}

/** The commit id. Throws a `Failure` when the ref is not there. A commit is what it is: nothing is asked. */
export async function remoteHead(connect: Connect, { url, ref, signal }: RemoteRef): Promise<string> {
  if (ref.type === "commit") return ref.name;
  const list = (prefixes: string[]) => listed(connect, { url, prefixes, signal });
  const names = fullNames(ref);
  const refs = await list([...names, "HEAD"]);
  const id = names.map((name) => refs.ids.get(name)).find((one) => one !== undefined);
  if (id !== undefined) {
    if (id.length !== 40) throw sha256Unsupported(url);
    return id;
  }
  // A HEAD that points to no branch is not listed, so only this tells a repository without commits.
  if (refs.ids.size === 0 && (await list(["refs/heads/"])).ids.size === 0) throw repositoryEmpty(url);
  throw refMissing(url, ref, refs.defaultBranch?.replace("refs/heads/", "") ?? null);
}

interface Look {
  url: string;
  prefixes: string[];
  signal: AbortSignal;
}

async function listed(connect: Connect, look: Look): Promise<RemoteRefs> {
  const transport = await connect(look.signal);
  try {
    return await (transport.isGreeting ? afterGreeting(transport, look) : atOnce(transport, look));
  } catch (error) {
    if (error instanceof ServerError && error.message.includes("object format")) throw sha256Unsupported(look.url);
    throw error;
  } finally {
    await transport.close();
  }
}

/** A server of version 2 needs no greeting, and one that is older answers in ways of its own: then it is asked anew. */
async function atOnce(transport: Transport, { url, prefixes }: Look): Promise<RemoteRefs> {
  const answer = await collect(transport.ask(lsRefsRequest(prefixes), 2));
  if (serverError(answer)?.includes("object format")) throw sha256Unsupported(url);
  const refs = parseLsRefs(answer);
  if (refs !== null) return refs;
  const greeting = await readRefAdvertisement(new PktLineReader(transport.greet(0), url));
  return greeting.version === 0 ? greeting.refs : { ids: new Map(), defaultBranch: null };
}

async function afterGreeting(transport: Transport, { url, prefixes }: Look): Promise<RemoteRefs> {
  const greeting = await readRefAdvertisement(new PktLineReader(transport.greet(2), url));
  if (greeting.version === 0) return greeting.refs;
  const packets = new PktLineReader(transport.ask(lsRefsRequest(prefixes), 2), url);
  const parts: string[] = [];
  for (let next = await packets.next(); next.type === "data"; next = await packets.next()) {
    parts.push((next.data.length + 4).toString(16).padStart(4, "0"), new TextDecoder("latin1").decode(next.data));
  }
  const whole = Uint8Array.from(`${parts.join("")}0000`, (character) => character.charCodeAt(0));
  return parseLsRefs(whole) ?? { ids: new Map(), defaultBranch: null };
}

/** Reads everything that comes. The caller bounds it. */
export async function collect(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) parts.push(next.value);
  return concat(parts);
}
