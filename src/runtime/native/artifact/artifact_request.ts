/** One request for an artifact, from an offset, with its redirects followed; every refusal is a sentence. */
import { Failure } from "../../../failure.ts";
import { MAX_REDIRECTS } from "./artifact_limits.ts";
import { isLinkLocal } from "../../../model/policy/allowed_sources.ts";
import { displayName, displayUrl } from "./artifact_name.ts";

export interface Ask {
  /** How much is here already. */
  offset: number;
  /** Of the answer that it came with; null for not known. */
  etag: string | null;
  signal: AbortSignal;
}

export interface Answer {
  /** Where `body` begins: the offset that was asked for, or 0 from a server that sends everything again. */
  offset: number;
  /** Of the whole file; null when the server does not say. */
  totalBytes: number | null;
  etag: string | null;
  body: ReadableStream<Uint8Array>;
}

/** The answer, or null when the server says that nothing is behind the offset. Throws `Failure`, or the signal's reason. */
export async function ask(url: string, { offset, etag, signal }: Ask): Promise<Answer | null> {
  // A server that packs what it sends would send other bytes than those that the digest is of.
  const headers: Record<string, string> = { "accept-encoding": "identity", "user-agent": "harbornode" };
  if (offset > 0) headers.range = `bytes=${offset}-`;
  if (offset > 0 && etag !== null) headers["if-range"] = etag;
  const response = await follow(url, { headers, signal });
  if (response.status === 200 || response.status === 206) {
    if (response.body !== null) return { ...extent(response, offset), body: response.body };
    return { offset: 0, totalBytes: 0, etag: null, body: new Blob([]).stream() };
  }
  await response.body?.cancel();
  if (response.status === 416 && offset > 0) return null;
  throw refusal(url, response);
}

async function follow(
  first: string,
  { headers, signal }: { headers: Record<string, string>; signal: AbortSignal },
): Promise<Response> {
  let url = first;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await send(url, { headers, signal });
    if (![301, 302, 303, 307, 308].includes(response.status)) return response;
    await response.body?.cancel();
    url = nextUrl(url, response.headers.get("location"));
  }
  throw new Failure(`"${displayUrl(first)}" redirects more than ${MAX_REDIRECTS} times`, {
    kind: "mistake",
    reason: "artifact_unreachable",
    hint: "write the URL that it leads to",
  });
}

async function send(url: string, init: { headers: Record<string, string>; signal: AbortSignal }): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: "manual" });
  } catch (error) {
    init.signal.throwIfAborted();
    throw new Failure(`cannot reach "${new URL(url).host}" for ${displayName({ url })}: ${networkCause(error)}`, {
      kind: "transient",
      reason: "artifact_unreachable",
      cause: error,
    });
  }
}

/** Credentials of a redirect are left out: nothing of ours asked for them. */
function nextUrl(from: string, location: string | null): string {
  const to = location !== null && URL.canParse(location, from) ? new URL(location, from) : null;
  const isSafe = to?.protocol === "https:" || (to?.protocol === "http:" && from.startsWith("http:"));
  if (to === null || !isSafe) {
    const where = to === null ? "nowhere" : `${to.protocol.slice(0, -1)}, where anybody may read and change it`;
    throw new Failure(`"${displayUrl(from)}" redirects to ${where}`, {
      kind: "mistake",
      reason: "artifact_unreachable",
      hint: "name another URL in the manifest",
    });
  }
  if (isLinkLocal(to.hostname) && !isLinkLocal(new URL(from).hostname)) {
    throw new Failure(`"${displayUrl(from)}" redirects to "${to.hostname}", which only this machine's own link knows`, {
      kind: "mistake",
      reason: "policy_denied",
      hint: "name another URL in the manifest",
    });
  }
  to.username = to.password = "";
  return to.href;
}

function extent(response: Response, asked: number): Pick<Answer, "offset" | "totalBytes" | "etag"> {
  const tag = response.headers.get("etag");
  const etag = tag === null || tag.startsWith("W/") ? null : tag;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  const length = response.headers.get("content-length");
  if (response.status === 206 && Number(range?.[1] ?? NaN) === asked) {
    const total = range![2]!;
    return { offset: asked, totalBytes: total === "*" ? null : Number(total), etag };
  }
  return { offset: 0, totalBytes: length === null || !/^\d+$/.test(length) ? null : Number(length), etag };
}

function refusal(url: string, { status, headers }: Response): Failure {
  const reason = "artifact_unreachable";
  if (status === 404 || status === 410) {
    const hint = "look whether its url is right, and whether the release has such a file";
    return new Failure(`"${displayUrl(url)}" is not there (${status})`, { kind: "mistake", reason, hint });
  }
  if (status === 401 || status === 403) {
    const hint = "artifacts are downloaded without credentials: put it where the device may read it";
    return new Failure(`the server refuses "${displayUrl(url)}" (${status})`, { kind: "refused", reason, hint });
  }
  const wait = /^\d{1,6}$/.exec(headers.get("retry-after") ?? "")?.[0];
  return new Failure(`the server answers ${status} for "${displayUrl(url)}"`, {
    kind: "transient",
    reason,
    ...(wait === undefined ? {} : { retryAfterMs: Math.min(Number(wait) * 1000, LONGEST_WAIT_MS) }),
  });
}

/** A server may ask for more patience than a person has. */
const LONGEST_WAIT_MS = 60 * 60_000;

/** Deno says "error sending request for url (URL): client error (Connect): the cause", since 2.9 in the error's cause. */
export function networkCause(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = inner instanceof Error ? inner.message : String(inner);
  return text.replace(/\s*\bfor url \([^)]*\)/, "").replace(/https?:\/\/\S+/g, "URL").split(": ").at(-1)!
    .replace(/ \(os error \d+\)$/, "");
}
