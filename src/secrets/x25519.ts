/**
 * age's X25519 identities and recipients in their written form (https://age-encryption.org/v1). Apart from the library
 * that decrypts, so that a device without secrets never loads it: that costs megabytes.
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { bech32 } from "@scure/base";

const RECIPIENT = "age";
const IDENTITY = "age-secret-key-";

/** What RFC 8410 puts in front of the 32 bytes of a private key. */
const PKCS8 = "302e020100300506032b656e04220420";

export function newIdentity(): string {
  return bech32.encodeFromBytes(IDENTITY, new Uint8Array(randomBytes(32))).toUpperCase();
}

/** The private key; null for what is none. */
export function identityBytes(identity: string): Uint8Array<ArrayBuffer> | null {
  return decoded(identity, IDENTITY);
}

/** "age1..."; null for what is no identity. */
export function recipientOf(identity: string): string | null {
  const bytes = identityBytes(identity);
  if (bytes === null) return null;
  const key = createPrivateKey({
    key: Buffer.from([...Uint8Array.fromHex(PKCS8), ...bytes]),
    format: "der",
    type: "pkcs8",
  });
  const { x } = createPublicKey(key).export({ format: "jwk" });
  return bech32.encodeFromBytes(RECIPIENT, Uint8Array.fromBase64(x!, { alphabet: "base64url" }));
}

export function isRecipient(text: string): boolean {
  return text.startsWith("age1") && decoded(text, RECIPIENT) !== null;
}

function decoded(text: string, prefix: string): Uint8Array<ArrayBuffer> | null {
  try {
    const read = bech32.decodeToBytes(text);
    const isRight = read.prefix.toLowerCase() === prefix && read.bytes.length === 32;
    return isRight ? new Uint8Array(read.bytes) : null;
  } catch {
    return null;
  }
}
