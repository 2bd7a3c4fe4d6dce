/** The device's age identity: a file that age itself can read (`age --decrypt --identity`). */
import { createHmac } from "node:crypto";
import { Failure } from "../failure.ts";
import { logger } from "../log.ts";
import { writeAtomic } from "../store/atomic_file.ts";
import { identityBytes, newIdentity, recipientOf } from "./x25519.ts";

const log = logger("secrets");

export interface Identity {
  /** Every one of the file, "AGE-SECRET-KEY-1..."; the first is the device's own, others are older ones. */
  keys: string[];
  /** Of the first. */
  recipient: string;
  /** What digests of values are made with. */
  digestKey: Uint8Array;
}

/** Wherever somebody put something else; what is never supported is named, so that nobody looks for the mistake elsewhere. */
const STRANGERS: [pattern: RegExp, what: string][] = [
  [/^-----BEGIN AGE ENCRYPTED FILE|^age-encryption\.org\//m, "is encrypted, and nobody is there to type a passphrase"],
  [/^-----BEGIN .*PRIVATE KEY/m, "holds an SSH or TLS key, and only age's own are supported"],
  [/^AGE-PLUGIN-/m, "holds an identity of a plugin, and only those of age-keygen are supported"],
  [/^AGE-SECRET-KEY-PQ-/m, "holds a post-quantum identity, and only those of age-keygen are supported"],
];

/** Throws a `Failure` that names the file, and nothing of what is in it. */
export async function readIdentity(path: string): Promise<Identity> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
    const { mode } = await Deno.stat(path);
    if (((mode ?? 0) & 0o077) !== 0) log.warn("others can read {path}: chmod 600 {path}", { path });
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    throw unusable(path, isMissing ? "is not there" : "cannot be read", error);
  }
  const stranger = STRANGERS.find(([pattern]) => pattern.test(text));
  if (stranger !== undefined) throw unusable(path, stranger[1]);
  const keys = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length === 0) throw unusable(path, "holds no identity");
  const damaged = keys.findIndex((key) => identityBytes(key) === null);
  if (damaged >= 0) throw unusable(path, `is damaged: identity ${damaged + 1} of ${keys.length} is none`);
  const first = keys[0]!;
  // RFC 5869 with one block, of a secret that is uniform already.
  const digestKey = createHmac("sha256", identityBytes(first)!).update("harbornode: digests of secrets\x01").digest();
  return { keys, recipient: recipientOf(first)!, digestKey: new Uint8Array(digestKey) };
}

/** The identity of the file, made when there is no such file. What is there, and be it damaged, is never replaced. */
export async function readOrCreateIdentity(path: string): Promise<Identity> {
  const isMissing = await Deno.lstat(path).then(() => false, (error) => error instanceof Deno.errors.NotFound);
  if (isMissing) {
    const key = newIdentity();
    await writeAtomic(path, `# public key: ${recipientOf(key)}\n${key}\n`);
    log.info("made an identity for secrets; its recipient is {recipient}", { recipient: recipientOf(key) });
  }
  return await readIdentity(path);
}

function unusable(path: string, what: string, cause?: unknown): Failure {
  return new Failure(`the identity "${path}" ${what}`, {
    kind: "refused",
    reason: "secret_unresolved",
    hint: "put back the file as it was, and restart the daemon; without a copy of it, remove it and encrypt all anew",
    cause,
  });
}
