/** [pure] Is a webhook from somebody who knows the secret. Every comparison takes the same time, whatever is wrong. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** `X-Hub-Signature-256: sha256=<hex>` over the raw body (docs.github.com, "Validating webhook deliveries"). */
export function isSigned(header: string | undefined, { secret, body }: { secret: string; body: Uint8Array }): boolean {
  if (header === undefined || !/^sha256=[0-9a-f]{64}$/i.test(header)) return false;
  const expected = createHmac("sha256", secret).update(body).digest("hex");
  return isEqual(header.slice("sha256=".length).toLowerCase(), expected);
}

/** `Authorization: Bearer <secret>` (RFC 6750, section 2.1). */
export function isBearer(header: string | undefined, secret: string): boolean {
  const token = /^Bearer +(.*\S) *$/i.exec(header ?? "")?.[1];
  return token !== undefined && isEqual(token, secret);
}

/** Compares the hashes, since the comparison itself wants equal lengths. */
function isEqual(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
