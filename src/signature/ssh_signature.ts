/** A signature as `ssh-keygen -Y sign` writes it: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig */
import { createHash } from "node:crypto";
import { type PublicKey, readPublicKey } from "./public_key.ts";
import { concat } from "../model/bytes.ts";
import { fromBase64, Malformed, WireReader, wireString } from "./ssh_wire.ts";

export interface SshSignature {
  key: PublicKey;
  /** What the signer says it is for: "git", "file". Part of what is signed. */
  namespace: string;
  /** Whether it was made of this message. Throws `Malformed` for a signature that the key cannot have made. */
  isOf(message: Uint8Array): boolean;
}

const MAGIC = "SSHSIG";
/** One of the largest RSA key has less than half of it. */
const MAX_LENGTH = 16_384;
const ARMOR = /^-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]+\n)+)-----END SSH SIGNATURE-----\n?$/;

/** Throws `Malformed` for anything but one whole signature of a kind that is accepted. */
export function readSshSignature(armored: string): SshSignature {
  if (armored.length > MAX_LENGTH) throw new Malformed("is longer than any that is accepted");
  const body = ARMOR.exec(armored)?.[1];
  if (body === undefined) throw new Malformed("is not whole");
  const bytes = fromBase64(body.replaceAll("\n", ""));
  if (bytes === null) throw new Malformed("is not well-formed base64");
  const reader = new WireReader(bytes);
  if (new TextDecoder().decode(reader.take(MAGIC.length)) !== MAGIC) throw new Malformed("is no SSH signature");
  const version = reader.uint32();
  if (version !== 1) throw new Malformed(`is of version ${version}, and 1 is the only one known`);
  const key = readPublicKey(reader.string());
  const namespace = reader.name();
  const reserved = reader.string();
  const hash = reader.name();
  if (hash !== "sha256" && hash !== "sha512") throw new Malformed(`is made of a digest by "${hash}"`);
  const signature = reader.string();
  reader.end();
  const signed = (message: Uint8Array) =>
    concat([
      new TextEncoder().encode(MAGIC),
      ...[namespace, reserved, hash, createHash(hash).update(message).digest()].map(wireString),
    ]);
  return { key, namespace, isOf: (message) => key.verifies(signed(message), signature) };
}
