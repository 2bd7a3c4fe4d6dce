/** Public keys of SSH, and what each signs: RFC 4253 and 5656 for the formats, OpenSSH's PROTOCOL.u2f for security keys. */
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { concat } from "../model/bytes.ts";
import { Malformed, toBase64, WireReader } from "./ssh_wire.ts";

export interface PublicKey {
  /** "ssh-ed25519" */
  type: string;
  /** As it stands in a list of signers and in a signature; two keys are the same when their blobs are. */
  blob: Uint8Array;
  /** Whether `signature` (its algorithm and its value, as SSH writes them) was made of `data` with this key. */
  verifies(data: Uint8Array, signature: Uint8Array): boolean;
}

/** Smaller ones can be broken, or soon will be: NIST SP 800-131A. */
const MIN_RSA_BITS = 2048;
/** More than anybody has; a larger one would only cost time. */
const MAX_RSA_BITS = 16_384;

const CURVES: Record<string, { name: string; hash: string; bytes: number }> = {
  nistp256: { name: "P-256", hash: "sha256", bytes: 32 },
  nistp384: { name: "P-384", hash: "sha384", bytes: 48 },
  nistp521: { name: "P-521", hash: "sha512", bytes: 66 },
};

/** Throws `Malformed` for what is no key, or is of a kind that is not accepted. */
export function readPublicKey(blob: Uint8Array): PublicKey {
  const reader = new WireReader(blob);
  const type = reader.name();
  const verifies = verifierOf(type, reader);
  reader.end();
  return { type, blob, verifies };
}

/** "SHA256:..." as `ssh-keygen -l` shows it. */
export function keyFingerprint({ blob }: PublicKey): string {
  return `SHA256:${toBase64(createHash("sha256").update(blob).digest()).replace(/=+$/, "")}`;
}

function verifierOf(type: string, reader: WireReader): PublicKey["verifies"] {
  switch (type) {
    case "ssh-ed25519":
      return plain(type, ed25519(reader));
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return plain(type, ecdsa(reader, type.slice("ecdsa-sha2-".length)));
    case "ssh-rsa":
      return rsa(reader);
    case "sk-ssh-ed25519@openssh.com":
      return securityKey(type, ed25519(reader), reader);
    case "sk-ecdsa-sha2-nistp256@openssh.com":
      return securityKey(type, ecdsa(reader, "nistp256"), reader);
  }
  if (type.includes("-cert-v0")) throw new Malformed("is a certificate, and only plain keys are accepted");
  throw new Malformed(`is of the type "${type}", which is not accepted`);
}

/** Whether the value of a signature is one of the data. */
type Check = (data: Uint8Array, value: Uint8Array) => boolean;

function plain(type: string, check: Check): PublicKey["verifies"] {
  return (data, signature) => {
    const reader = new WireReader(signature);
    expectAlgorithm(reader.name(), [type]);
    const value = reader.string();
    reader.end();
    return check(data, value);
  };
}

function ed25519(reader: WireReader): Check {
  const point = reader.string();
  if (point.length !== 32) throw new Malformed("is an Ed25519 key of a wrong length");
  const key = imported({ kty: "OKP", crv: "Ed25519", x: base64url(point) });
  return (data, value) => value.length === 64 && verify(null, data, key, value);
}

function ecdsa(reader: WireReader, curve: string): Check {
  if (reader.name() !== curve) throw new Malformed("names two curves");
  const { name, hash, bytes } = CURVES[curve]!;
  const point = reader.string();
  if (point.length !== 1 + 2 * bytes || point[0] !== 4) throw new Malformed("is an ECDSA key of a wrong form");
  const [x, y] = [point.subarray(1, 1 + bytes), point.subarray(1 + bytes)];
  const key = imported({ kty: "EC", crv: name, x: base64url(x), y: base64url(y) });
  return (data, value) => {
    const numbers = new WireReader(value);
    const [r, s] = [numbers.natural(), numbers.natural()];
    numbers.end();
    if (r.length > bytes || s.length > bytes) return false;
    const fixed = concat([padded(r, bytes), padded(s, bytes)]);
    return verify(hash, data, { key, dsaEncoding: "ieee-p1363" }, fixed);
  };
}

function rsa(reader: WireReader): PublicKey["verifies"] {
  const [exponent, modulus] = [reader.natural(), reader.natural()];
  const bits = modulus.length * 8 - Math.clz32(modulus[0]!) + 24;
  if (bits < MIN_RSA_BITS) throw new Malformed(`is an RSA key of ${bits} bits, and ${MIN_RSA_BITS} are the least`);
  if (bits > MAX_RSA_BITS) throw new Malformed(`is an RSA key of ${bits} bits, and ${MAX_RSA_BITS} are the most`);
  const key = imported({ kty: "RSA", n: base64url(modulus), e: base64url(exponent) });
  return (data, signature) => {
    const parts = new WireReader(signature);
    const algorithm = parts.name();
    const value = parts.string();
    parts.end();
    if (algorithm === "ssh-rsa") throw new Malformed("is made with SHA-1, which can be forged");
    expectAlgorithm(algorithm, ["rsa-sha2-256", "rsa-sha2-512"]);
    if (value.length > modulus.length) return false;
    const hash = algorithm === "rsa-sha2-256" ? "sha256" : "sha512";
    return verify(hash, data, key, padded(value, modulus.length));
  };
}

/** It signs digests, with how often it was used and whether somebody touched it; like git, we accept both. */
function securityKey(type: string, check: Check, reader: WireReader): PublicKey["verifies"] {
  const application = reader.string();
  return (data, signature) => {
    const parts = new WireReader(signature);
    expectAlgorithm(parts.name(), [type]);
    const value = parts.string();
    const flagsAndCounter = parts.take(5);
    parts.end();
    return check(concat([sha256(application), flagsAndCounter, sha256(data)]), value);
  };
}

function expectAlgorithm(given: string, accepted: string[]): void {
  if (!accepted.includes(given)) throw new Malformed(`is of the algorithm "${given}", which its key does not make`);
}

function imported(jwk: Record<string, string>): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    throw new Malformed("holds numbers that are no key");
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  return concat([new Uint8Array(length - bytes.length), bytes]);
}

function base64url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
