/** One conversation in which a server sends objects. They are in a pack, which is not looked into here. */
import type { SpaceCheck } from "../../os/disk_reserve.ts";
import { damaged } from "../git_failure.ts";
import { readRefAdvertisement, type RefAdvertisement } from "../remote/ref_advertisement.ts";
import { PktLineReader, ServerError } from "../remote/pkt_line_reader.ts";
import type { Connect, Transport } from "../remote/transport.ts";
import { fetchRequest, type FetchWants } from "./fetch_request.ts";
import { PackFile } from "./pack_file.ts";

export interface Reception {
  url: string;
  connect: Connect;
  signal: AbortSignal;
  /** Where the pack is written; not there yet. */
  file: string;
  progress: (message: string) => void;
  /** Asked before each write. */
  space: SpaceCheck;
  /** Chosen when it is known what the server can do. Throws a `Failure` for what it cannot. */
  choose(offer: Offer): FetchWants;
}

export interface Offer {
  greeting: RefAdvertisement;
  /** Whether objects may be left out. */
  canFilter: boolean;
  /** Whether objects can be asked for that no ref names. */
  canGiveAny: boolean;
}

export interface Received {
  /** Commits whose parents were left out. */
  shallow: string[];
  offer: Offer;
}

/** Throws a `Failure`, or `ServerError` with what the server said instead. */
export async function receivePackfile(reception: Reception): Promise<Received> {
  const { url, connect, signal } = reception;
  const transport = await connect(signal);
  try {
    const greeting = await readRefAdvertisement(new PktLineReader(transport.greet(2), url));
    const offer = offerOf(greeting);
    return { offer, shallow: await exchange(transport, reception, offer) };
  } finally {
    await transport.close();
  }
}

function offerOf(greeting: RefAdvertisement): Offer {
  const { capabilities, version } = greeting;
  const fetching = version === 2 ? (capabilities.get("fetch") ?? "").split(" ") : [...capabilities.keys()];
  const has = (name: string) => fetching.includes(name);
  const canGiveAny = version === 2 || has("allow-any-sha1-in-want") || has("allow-reachable-sha1-in-want");
  return { greeting, canFilter: has("filter"), canGiveAny };
}

async function exchange(transport: Transport, reception: Reception, offer: Offer): Promise<string[]> {
  const { url, file, progress } = reception;
  const { version, capabilities } = offer.greeting;
  const wanted = reception.choose(offer);
  const request = fetchRequest(version, wanted, new Set(capabilities.keys()));
  const packets = new PktLineReader(transport.ask(request, version), url);
  const shallow = version === 2 ? await sections(packets) : await oldPreamble(packets, wanted);
  await using pack = await PackFile.create(file, { url, space: reception.space });
  await demultiplex(packets, pack, progress);
  // A server or proxy that dies between two packets ends the answer cleanly: only the last packet and the checksum tell.
  if (!transport.isGreeting) await packets.end();
  pack.finish();
  return shallow;
}

/** Up to where the pack begins: https://git-scm.com/docs/gitprotocol-v2#_fetch */
async function sections(packets: PktLineReader): Promise<string[]> {
  const shallow: string[] = [];
  while (true) {
    const line = await packets.line();
    if (line === "packfile") return shallow;
    if (line?.startsWith("shallow ")) shallow.push(line.slice("shallow ".length));
    else if (line !== null && !/^(shallow-info|acknowledgments|NAK|ACK .*|ready|unshallow .*)$/.test(line)) {
      throw damaged(packets.url, "it is not git's protocol");
    }
  }
}

async function oldPreamble(packets: PktLineReader, { depth }: FetchWants): Promise<string[]> {
  const shallow: string[] = [];
  if (depth !== null) {
    for (let line = await packets.line(); line !== null; line = await packets.line()) {
      if (line.startsWith("shallow ")) shallow.push(line.slice("shallow ".length));
    }
  }
  const line = await packets.line();
  if (line === null || !/^(NAK|ACK )/.test(line)) throw damaged(packets.url, "it is not git's protocol");
  return shallow;
}

/** The pack is in band 1, what people may read in 2, and why it failed in 3. */
async function demultiplex(packets: PktLineReader, pack: PackFile, progress: (message: string) => void): Promise<void> {
  progress("receiving objects");
  let megabytes = 0;
  for (let next = await packets.next(); next.type === "data"; next = await packets.next()) {
    const { data } = next;
    if (data[0] === 1) await pack.write(data.subarray(1));
    else if (data[0] === 3) throw new ServerError(new TextDecoder().decode(data.subarray(1)).trim());
    else if (data[0] !== 2) throw damaged(packets.url, "it is not git's protocol");
    if (pack.bytes >= (megabytes + 1) * 1024 * 1024) {
      megabytes = Math.floor(pack.bytes / 1024 / 1024);
      progress(`receiving objects, ${megabytes} MiB so far`);
    }
  }
}
