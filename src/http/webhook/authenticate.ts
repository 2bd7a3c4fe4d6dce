/**
 * [pure] Is a delivery from somebody who knows a secret of this device. One valid proof of any kind is enough, an empty
 * one never is. Every comparison takes the same time, whatever is wrong.
 */
import { Buffer } from "node:buffer";
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { EARLIEST_MS } from "../../model/iso_timestamp.ts";
import { standardSignature } from "../../standard_webhooks.ts";

export interface Credentials {
  header(name: string): string | undefined;
  /** As it came: a signature is over these bytes. */
  body: Uint8Array;
  /** Several while one is replaced by another. */
  secrets: readonly string[];
  /** Milliseconds since 1970. */
  now: number;
}

export type AuthResult = { ok: true } | { ok: false; reason: AuthFailure; message: string };
export type AuthFailure = "missing_signature" | "bad_signature" | "stale_timestamp" | "clock_wrong";

/** As standardwebhooks.com advises: long enough for a slow network, too short for who replays what was recorded. */
const TOLERANCE_MS = 5 * 60_000;

/** Headers that hold a digest of the body, as the documentation of who sends them has it. */
const DIGESTS: Record<string, RegExp> = {
  "x-hub-signature-256": /^(sha256)=([0-9a-f]{64})$/i,
  // GitHub's is SHA-1 and is not taken; Bitbucket's is SHA-256.
  "x-hub-signature": /^(sha256)=([0-9a-f]{64})$/i,
  "x-signature": /^(?:(sha256)=([0-9a-f]{64})|(sha512)=([0-9a-f]{128}))$/i,
  "x-forgejo-signature": /^()([0-9a-f]{64})$/i,
  "x-gitea-signature": /^()([0-9a-f]{64})$/i,
  "x-gogs-signature": /^()([0-9a-f]{64})$/i,
};
const OTHERS = ["x-gitlab-token", "webhook-signature", "authorization"];

export function authenticate(claim: Credentials): AuthResult {
  if (claim.secrets.some((secret) => isProved(claim, secret))) return { ok: true };
  if (claim.secrets.some((secret) => isStandard(claim, secret))) return stale(claim);
  const { header } = claim;
  const given = [...Object.keys(DIGESTS), ...OTHERS].filter((name) => header(name) !== undefined);
  const filled = given.filter((name) => header(name)!.trim() !== "");
  if (given.length === 0) return refused("missing_signature", "no signature and no token came with it");
  if (filled.length === 0) {
    return refused("missing_signature", "its signature is empty, as of a webhook without a secret");
  }
  if (filled.every((name) => /^sha1=/i.test(header(name)!))) {
    return refused("bad_signature", "it is signed with SHA-1 alone, which proves nothing any more; SHA-256 does");
  }
  return refused("bad_signature", "its signature or token is of no secret of this device");
}

function isProved(claim: Credentials, secret: string): boolean {
  const { header } = claim;
  return Object.keys(DIGESTS).some((name) => isDigest(name, { claim, secret })) ||
    isEqual(header("x-gitlab-token") ?? "", secret) ||
    isAuthorized(header("authorization") ?? "", secret) ||
    (isStandard(claim, secret) && Math.abs(driftMs(claim)) <= TOLERANCE_MS);
}

function isDigest(name: string, { claim: { header, body }, secret }: { claim: Credentials; secret: string }): boolean {
  const [, ...groups] = DIGESTS[name]!.exec(header(name) ?? "") ?? [];
  const [algorithm, digest] = groups.filter((group) => group !== undefined);
  if (algorithm === undefined || digest === undefined) return false;
  const hmac = createHmac(algorithm === "" ? "sha256" : algorithm.toLowerCase(), secret);
  return isEqual(digest.toLowerCase(), hmac.update(body).digest("hex"));
}

/** `Bearer <secret>` (RFC 6750, section 2.1), or `Basic` with the secret as password of any user (RFC 7617). */
function isAuthorized(header: string, secret: string): boolean {
  const token = /^Bearer +(.*\S) *$/i.exec(header)?.[1];
  if (token !== undefined) return isEqual(token, secret);
  const encoded = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(header)?.[1];
  if (encoded === undefined) return false;
  const pair = Buffer.from(encoded, "base64").toString("utf8");
  return pair.includes(":") && isEqual(pair.slice(pair.indexOf(":") + 1), secret);
}

/** Signed by the secret, whenever that was. Several signatures are of several secrets of the sender. */
function isStandard({ header, body }: Credentials, secret: string): boolean {
  const [id, timestamp] = [header("webhook-id") ?? "", header("webhook-timestamp") ?? ""];
  if (id === "" || !/^\d{1,12}$/.test(timestamp)) return false;
  const expected = standardSignature(secret, { id, timestamp, body });
  return (header("webhook-signature") ?? "").split(" ").slice(0, 8).some((one) => isEqual(one, expected));
}

function driftMs({ header, now }: Credentials): number {
  return Number(header("webhook-timestamp")) * 1000 - now;
}

function stale(claim: Credentials): AuthResult {
  if (claim.now < EARLIEST_MS) {
    const says = new Date(claim.now).toISOString().slice(0, 10);
    return refused("clock_wrong", `the clock of this device says ${says}, so the age of a signature cannot be told`);
  }
  const minutes = Math.round(Math.abs(driftMs(claim)) / 60_000);
  const side = driftMs(claim) < 0 ? "behind" : "ahead of";
  return refused("stale_timestamp", `its timestamp is ${minutes} min ${side} the clock of this device, 5 are allowed`);
}

function refused(reason: AuthFailure, message: string): AuthResult {
  return { ok: false, reason, message };
}

/** Compares hashes, since the comparison itself wants equal lengths. Nothing equals an empty text. */
function isEqual(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b)) && a !== "";
}
