/**
 * [pure] Files encrypted by age (https://age-encryption.org/v1), in the form that a spec holds. Only the format is checked:
 * whether a device can decrypt them is known to that device only.
 */
import { isLfsPointer } from "../schema/toml_document.ts";

/** Prefix of an encrypted value in a manifest. */
export const AGE_PREFIX = "age:";

/** Largest encrypted form. No password, key or certificate is larger. */
export const MAX_SECRET_BYTES = 64 * 1024;

export type AgeText =
  /** age's binary form, in base64. */
  | { ciphertext: string }
  /** `problem` follows the name of the field. It never quotes: an author may have written the plaintext there. */
  | { problem: string; hint: string };

const ENCRYPT = "harbornode secret encrypt --to DEVICE";
const VERSION = "age-encryption.org/v1\n";
const ARMOR = /^-----BEGIN AGE ENCRYPTED FILE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END AGE ENCRYPTED FILE-----$/;
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}$/;

/** Reads armor, base64 of the binary form, or base64 of armor. */
export function readAge(text: string): AgeText {
  const given = text.trim();
  const bytes = decoded(given);
  if (bytes === null) return { problem: "is not what age wrote", hint: `make it with: ${ENCRYPT}` };
  if (isLfsPointer(bytes)) {
    return { problem: "is a pointer of Git LFS", hint: "keep the secret in git itself: git lfs untrack FILE" };
  }
  // Some encode the file itself, with its armor, as base64.
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

/** Returns one character for each byte; null for a text that is neither armor nor base64. */
function decoded(given: string): string | null {
  const base64 = ARMOR.exec(given)?.[1] ?? (BASE64.test(given) ? given : null);
  if (base64 === null) return null;
  try {
    return atob(base64);
  } catch {
    return null;
  }
}
