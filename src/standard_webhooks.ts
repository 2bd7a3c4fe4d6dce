/** [pure] Signatures as standardwebhooks.com has them: what a delivery that we receive or send is proved by. */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";

export interface Signed {
  /** The same for every try of one message. */
  id: string;
  /** Seconds since 1970, as its header has it. */
  timestamp: string;
  body: Uint8Array;
}

const PREFIX = "whsec_";

/** "v1,<base64>": one item of the header `webhook-signature`. A secret without its prefix is taken as it is written. */
export function standardSignature(secret: string, { id, timestamp, body }: Signed): string {
  const key = secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), "base64") : secret;
  const digest = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
  return `v1,${digest}`;
}
