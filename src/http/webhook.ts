/**
 * The one door: a verified delivery asks for an earlier look at the configured repository. What it says never decides
 * what is fetched.
 */
import type { Context } from "hono";
import type { Delivery } from "../model/snapshot.ts";
import { readBody } from "./body.ts";
import { isBearer, isSigned } from "./signature.ts";

export interface WebhookDeps {
  /** Null: there is no webhook. */
  secret: string | null;
  branch: string;
  repositoryUrl: string;
  /** Asks for a look. */
  wake(): void;
  record(delivery: Delivery): void;
}

/** A push with hundreds of commits stays below; what is larger is no push. */
const MAX_BODY_BYTES = 1024 * 1024;

export async function webhook(context: Context, deps: WebhookDeps): Promise<Response> {
  const { secret } = deps;
  const header = (name: string) => context.req.header(name);
  const event = header("x-github-event") ?? (header("authorization") === undefined ? "unknown" : "call");
  const forge = header("x-github-event") === undefined ? "generic" : "github";
  const answer = (
    status: 200 | 202 | 401 | 404 | 413,
    verdict: Delivery["verdict"],
    reason: string,
    message: string,
  ) => {
    const id = header("x-github-delivery")?.slice(0, 64) ?? crypto.randomUUID();
    deps.record({ at: new Date().toISOString(), id, forge, event: event.slice(0, 40), verdict, message });
    return context.json({ accepted: verdict === "accepted", reason, message }, status);
  };
  if (secret === null) return answer(404, "refused", "disabled", "no webhook secret is set on this device");
  const body = await readBody(context.req.raw, MAX_BODY_BYTES);
  if (body === "too large") return answer(413, "refused", "too_large", "the body is over 1 MiB");
  const verified = isSigned(header("x-hub-signature-256"), { secret, body }) ||
    isBearer(header("authorization"), secret);
  if (!verified) return answer(401, "refused", "bad_signature", "the signature or token is missing or wrong");
  if (event === "ping") return answer(200, "ignored", "ping", "pong");
  const why = notForUs(parse(body), deps);
  if (why !== null) return answer(200, "ignored", "ignored", why);
  deps.wake();
  return answer(202, "accepted", "queued", "the repository is looked at now");
}

interface Payload {
  ref?: unknown;
  repository?: { full_name?: unknown; clone_url?: unknown };
}

function notForUs({ ref, repository }: Payload, { branch, repositoryUrl }: WebhookDeps): string | null {
  if (typeof ref === "string" && ref !== `refs/heads/${branch}`) {
    return `"${ref.replace(/^refs\/heads\//, "").slice(0, 80)}" is not followed, "${branch}" is`;
  }
  const named = repository?.full_name ?? repository?.clone_url;
  if (typeof named !== "string") return null;
  const ours = lastParts(repositoryUrl);
  const theirs = lastParts(named);
  const compared = Math.min(ours.length, theirs.length);
  const isSame = ours.slice(-compared).join("/") === theirs.slice(-compared).join("/");
  return compared === 0 || isSame ? null : `the repository "${named.slice(0, 80)}" is not the one of this device`;
}

/** Owner and name, in lower case as forges compare them; a URL behind a proxy may have the name alone. */
function lastParts(url: string): string[] {
  const path = url.replace(/^[a-z]+:\/\/[^/]*/, "").replace(/\.git\/?$/, "").toLowerCase();
  return path.split("/").filter((part) => part !== "").slice(-2);
}

function parse(body: Uint8Array): Payload {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    return parsed !== null && typeof parsed === "object" ? parsed : {};
  } catch {
    // Verified, and says nothing we understand: a call by curl or a CI. A look is harmless.
    return {};
  }
}
