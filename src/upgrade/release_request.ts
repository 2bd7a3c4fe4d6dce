/** GET of one file of a release, with its redirects followed, bounded in size and time; every refusal is a sentence. */
import { Failure } from "../failure.ts";
import { abortableIterator } from "../async/abortable.ts";
import { MAX_DOWNLOAD_MS, MAX_REDIRECTS, MAX_SILENCE_MS } from "./release_limits.ts";
import { formatMegabytes } from "../model/size.ts";

export interface Get {
  maxBytes: number;
  signal: AbortSignal;
  /** How long the server may be silent. */
  silenceMs?: number;
}

export interface Received {
  /** As the server says; null when it does not. */
  totalBytes: number | null;
  chunks: AsyncGenerator<Uint8Array<ArrayBuffer>>;
  /** To be called in the end, whatever was read until then. */
  close(): Promise<void>;
}

/** Null for what is not there. Throws `Failure`, or the signal's reason; so do the chunks. */
export async function get(
  url: string,
  { maxBytes, signal, silenceMs = MAX_SILENCE_MS }: Get,
): Promise<Received | null> {
  const late = new Lateness(url, silenceMs);
  const until = AbortSignal.any([signal, late.signal]);
  const client = await clientWithSystemStore();
  let isOpen = true;
  const end = () => {
    if (!isOpen) return;
    isOpen = false;
    late.end();
    client?.close();
  };
  try {
    const response = await follow(url, { client, signal: until });
    late.isAlive();
    const length = response.headers.get("content-length");
    const totalBytes = length !== null && /^\d{1,15}$/.test(length) ? Number(length) : null;
    if (response.status === 200) {
      const close = async () => {
        await response.body?.cancel().catch(() => {});
        end();
      };
      return { totalBytes, chunks: chunksOf(url, { response, maxBytes, late, signal: until }), close };
    }
    await response.body?.cancel();
    end();
    if (response.status === 404 || response.status === 410) return null;
    throw new Failure(`the server answers ${response.status} for "${shown(url)}"`, {
      kind: response.status === 401 || response.status === 403 ? "refused" : "transient",
      reason: "release_unreachable",
    });
  } catch (error) {
    end();
    throw error;
  }
}

async function* chunksOf(
  url: string,
  { response, maxBytes, late, signal }: {
    response: Response;
    maxBytes: number;
    late: Lateness;
    signal: AbortSignal;
  },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const announced = Number(response.headers.get("content-length") ?? NaN);
  let bytes = 0;
  try {
    if (announced > maxBytes) throw tooBig(url, maxBytes);
    for await (const chunk of abortableIterator(response.body ?? new Blob([]).stream(), signal)) {
      late.isAlive();
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooBig(url, maxBytes);
      yield chunk;
    }
    if (bytes < announced) throw new Error("the connection was closed");
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure) throw error;
    throw new Failure(`"${shown(url)}" broke off after ${formatMegabytes(bytes)}: ${causeOf(error)}`, {
      kind: "transient",
      reason: "release_unreachable",
      cause: error,
    });
  }
}

async function follow(
  first: string,
  { client, signal }: { client: Deno.HttpClient | null; signal: AbortSignal },
): Promise<Response> {
  let url = first;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    // A server that packs what it sends would send other bytes than those that the hashes are of.
    const headers = { "accept-encoding": "identity", "user-agent": "harbornode" };
    const init = { headers, redirect: "manual" as const, signal, ...(client === null ? {} : { client }) };
    const response = await fetch(url, init).catch((error) => {
      signal.throwIfAborted();
      throw new Failure(`cannot reach "${new URL(url).host}" for "${shown(first)}": ${causeOf(error)}`, {
        kind: "transient",
        reason: "release_unreachable",
        hint: "look at the network, at https_proxy, and at release_url below [daemon] of config.toml",
        cause: error,
      });
    });
    if (![301, 302, 303, 307, 308].includes(response.status)) return response;
    await response.body?.cancel();
    url = nextUrl(url, response.headers.get("location"));
  }
  throw mistake(`"${shown(first)}" redirects more than ${MAX_REDIRECTS} times`);
}

/** Over https no redirect leaves https. Throws a `Failure`. */
export function nextUrl(from: string, location: string | null): string {
  const to = location !== null && URL.canParse(location, from) ? new URL(location, from) : null;
  if (to?.protocol === "https:" || (to?.protocol === "http:" && from.startsWith("http:"))) {
    to.username = to.password = "";
    return to.href;
  }
  const where = to === null ? "nowhere" : `${to.protocol.slice(0, -1)}, where anybody may read and change it`;
  throw mistake(`"${shown(from)}" redirects to ${where}`);
}

function mistake(message: string): Failure {
  const hint = "name another folder as release_url below [daemon] of config.toml";
  return new Failure(message, { kind: "mistake", reason: "release_unreachable", hint });
}

function tooBig(url: string, maxBytes: number): Failure {
  const message = `"${shown(url)}" is over ${formatMegabytes(maxBytes)}, which no file of a release is`;
  return new Failure(message, { kind: "mistake", reason: "release_invalid" });
}

/** Ends what takes too long as a whole, or is silent for too long. */
class Lateness {
  readonly #late = new AbortController();
  readonly #timers: ReturnType<typeof setTimeout>[];
  readonly #url: string;
  readonly #silenceMs: number;

  constructor(url: string, silenceMs: number) {
    this.#url = url;
    this.#silenceMs = silenceMs;
    const whole = setTimeout(() => this.#abort("has taken more than 30 minutes"), MAX_DOWNLOAD_MS);
    this.#timers = [whole, this.#silence()];
  }

  get signal(): AbortSignal {
    return this.#late.signal;
  }

  isAlive(): void {
    clearTimeout(this.#timers[1]);
    this.#timers[1] = this.#silence();
  }

  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #silence() {
    return setTimeout(() => this.#abort(`has sent nothing for ${this.#silenceMs / 1000} seconds`), this.#silenceMs);
  }

  #abort(what: string): void {
    const message = `the server "${new URL(this.#url).host}" ${what} of "${shown(this.#url)}"`;
    this.#late.abort(new Failure(message, { kind: "transient", reason: "release_unreachable" }));
  }
}

/** Where distributions keep the certificates that they trust. */
const STORES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"];

/**
 * The unit of systemd has Deno use the store of the system, and a command in a shell would not: an authority of the
 * owner's own works either way.
 */
async function clientWithSystemStore(): Promise<Deno.HttpClient | null> {
  if (Deno.env.has("DENO_TLS_CA_STORE")) return null;
  for (const path of STORES) {
    const text = await Deno.readTextFile(path).catch(() => null);
    if (text !== null) return Deno.createHttpClient({ caCerts: [text] });
  }
  return null;
}

/** Without a query, which may hold somebody's token. */
export function shown(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** Deno says "error sending request for url (URL): client error (Connect): the cause", since 2.9 in the error's cause. */
function causeOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = inner instanceof Error ? inner.message : String(inner);
  return text.replace(/\s*\bfor url \([^)]*\)/, "").split(": ").at(-1)!.replace(/ \(os error \d+\)$/, "");
}
