/**
 * [pure] What age wrote (https://age-encryption.org/v1), as it is kept in a spec. Only its shape is looked at: whether a
 * device can decrypt it, that device alone can say.
 */
import { isLfsPointer } from "../schema/toml_document.ts";

/** In front of an encrypted value in a manifest. */
export const AGE_PREFIX = "age:";

/** Of the encrypted form. What is larger is no password, key or certificate. */
export const MAX_SECRET_BYTES = 64 * 1024;

export type AgeText =
  /** age's binary form, in base64. */
  | { ciphertext: string }
  /** Goes on after the name of the field, and never quotes: a person may have put the plaintext there. */
  | { problem: string; hint: string };

const ENCRYPT = "harbornode secret encrypt --to DEVICE";
const VERSION = "age-encryption.org/v1\n";
const ARMOUR = /^-----BEGIN AGE ENCRYPTED FILE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END AGE ENCRYPTED FILE-----$/;
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}$/;

/** Armour, or base64 of the binary form or of armour. */
export function readAge(text: string): AgeText {
  const given = text.trim();
  const bytes = decoded(given);
  if (bytes === null) return { problem: "is not what age wrote", hint: `make it with: ${ENCRYPT}` };
  if (isLfsPointer(bytes)) {
    return { problem: "is a pointer of Git LFS", hint: "keep the secret in git itself: git lfs untrack FILE" };
  }
  // Some put the file itself, armour and all, into base64.
  if (bytes.startsWith("-----BEGIN AGE")) return readAge(bytes);
  if (bytes.length > MAX_SECRET_BYTES) {
    return { problem: "is over 64 KiB", hint: "encrypt a key to it, and bring it as an artifact" };
  }
  if (!bytes.startsWith(VERSION)) return { problem: "is not what age wrote", hint: `make it with: ${ENCRYPT}` };
  const header = bytes.slice(VERSION.length).split(/^---/m)[0]!;
  const kinds = [...header.matchAll(/^-> (\S+)/gm)].map(([, kind]) => kind!);
  if (kinds.includes("scrypt")) {
    return { problem: "is encrypted with a passphrase, which no device has", hint: `encrypt it with: ${ENCRYPT}` };
  }
  if (!kinds.includes("X25519")) {
    return { problem: 'has no recipient like those of devices, which begin with "age1"', hint: `use: ${ENCRYPT}` };
  }
  return { ciphertext: btoa(bytes) };
}

/** One character for each byte; null for what is neither of the two. */
function decoded(given: string): string | null {
  const base64 = ARMOUR.exec(given)?.[1] ?? (BASE64.test(given) ? given : null);
  if (base64 === null) return null;
  try {
    return atob(base64);
  } catch {
    return null;
  }
}
