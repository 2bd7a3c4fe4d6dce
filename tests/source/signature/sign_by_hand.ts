/** Signatures that `ssh-keygen` makes on other machines only: with security keys, and by old algorithms. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { concat } from "../../../src/model/bytes.ts";
import { toBase64, wireString } from "../../../src/signature/ssh_wire.ts";
import { bytes } from "./commit_fixture.ts";

export interface HandMade {
  /** "ssh-rsa AAAA..." */
  line: string;
  armored: string;
}

const APPLICATION = "ssh:";

/** `touched` tells of the person in front of the key; the counter is of no use to anybody. */
export function bySecurityKey(
  message: Uint8Array,
  { type, touched }: { type: "ed25519" | "ecdsa"; touched: boolean },
): HandMade {
  const pair = type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = pair.publicKey.export({ format: "jwk" });
  const isEd = type === "ed25519";
  const name = isEd ? "sk-ssh-ed25519@openssh.com" : "sk-ecdsa-sha2-nistp256@openssh.com";
  const point = isEd ? base64url(jwk.x!) : concat([Uint8Array.of(4), base64url(jwk.x!), base64url(jwk.y!)]);
  const curve = isEd ? [] : [wireString("nistp256")];
  const blob = concat([wireString(name), ...curve, wireString(point), wireString(APPLICATION)]);
  const used = Uint8Array.of(touched ? 1 : 0, 0, 0, 0, 7);
  return handMade({ name, blob, message }, (data) => {
    const digest = (value: Uint8Array) => createHash("sha256").update(value).digest();
    const signed = concat([digest(bytes(APPLICATION)), used, digest(data)]);
    const value = isEd ? sign(null, signed, pair.privateKey) : numbers(sign("sha256", signed, p1363(pair.privateKey)));
    return concat([wireString(name), wireString(value), used]);
  });
}

/** `algorithm` as it stands in the signature; "ssh-rsa" is SHA-1. */
export function byRsa(message: Uint8Array, algorithm: "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512"): HandMade {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = publicKey.export({ format: "jwk" });
  const blob = concat([wireString("ssh-rsa"), natural(base64url(jwk.e!)), natural(base64url(jwk.n!))]);
  const hash = { "ssh-rsa": "sha1", "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" }[algorithm];
  return handMade(
    { name: "ssh-rsa", blob, message },
    (data) => concat([wireString(algorithm), wireString(sign(hash, data, privateKey))]),
  );
}

function handMade(
  { name, blob, message }: { name: string; blob: Uint8Array; message: Uint8Array },
  signature: (data: Uint8Array) => Uint8Array,
): HandMade {
  const digest = createHash("sha512").update(message).digest();
  const about = ["git", "", "sha512"].map((one) => wireString(one));
  const value = signature(concat([bytes("SSHSIG"), ...about, wireString(digest)]));
  const all = concat([bytes("SSHSIG"), Uint8Array.of(0, 0, 0, 1), wireString(blob), ...about, wireString(value)]);
  const lines = toBase64(all).match(/.{1,70}/g)!;
  return {
    line: `${name} ${toBase64(blob)}`,
    armored: ["-----BEGIN SSH SIGNATURE-----", ...lines, "-----END SSH SIGNATURE-----", ""].join("\n"),
  };
}

function p1363(key: KeyObject) {
  return { key, dsaEncoding: "ieee-p1363" as const };
}

/** Both halves of an ECDSA signature as SSH writes them. */
function numbers(value: Uint8Array): Uint8Array {
  return concat([natural(value.subarray(0, value.length / 2)), natural(value.subarray(value.length / 2))]);
}

function natural(value: Uint8Array): Uint8Array {
  const digits = value.subarray(value.findIndex((byte) => byte !== 0));
  return wireString(digits[0]! >= 0x80 ? concat([Uint8Array.of(0), digits]) : digits);
}

function base64url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}
