/**
 * What this device can decrypt. Plaintext is in its memory while a workload of the revision needs it, is handed to a
 * runtime for a start, and goes nowhere else.
 */
import { createHmac } from "node:crypto";
import { asFailure, Failure } from "../failure.ts";
import { registerSecret } from "../log.ts";
import type { Unresolved } from "../model/desired.ts";
import type { Secret } from "../model/secret_reference.ts";
import type { Workload } from "../model/workload.ts";
import type { RevealedSecrets } from "../runtime/runtime.ts";
import { decrypt } from "./decrypt_age.ts";
import { type Identity, readIdentity, readOrCreateIdentity } from "./device_identity.ts";

/** A log line with a part of a key is as bad as one with all of it; for whole files that is not worth the search. */
const REGISTERED = { bytes: 8192, line: 16 };

/** Every byte counts. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class Vault {
  #identity: Identity | Failure;
  readonly #open: () => Promise<Identity | Failure>;
  readonly #plaintexts = new Map<string, Promise<Uint8Array>>();

  private constructor(identity: Identity | Failure, open: () => Promise<Identity | Failure>) {
    this.#identity = identity;
    this.#open = open;
  }

  /** Never throws: what is wrong with the identity is said of each workload that needs it. `make`: where there is none. */
  static async open(path: string, { make }: { make: boolean }): Promise<Vault> {
    const open = () => (make ? readOrCreateIdentity(path) : readIdentity(path)).catch(asFailure);
    return new Vault(await open(), open);
  }

  /** Tries again to have an identity. True when there was none, and is one now. Never throws. */
  async retry(): Promise<boolean> {
    if (!(this.#identity instanceof Failure)) return false;
    this.#identity = await this.#open();
    return !(this.#identity instanceof Failure);
  }

  /** What secrets for this device are encrypted to; null while its identity cannot be used. */
  get recipient(): string | null {
    return this.#identity instanceof Failure ? null : this.#identity.recipient;
  }

  /** The workload with the digests of its secrets; what cannot be decrypted has none, and the first of them is told. */
  async resolve<T extends Workload>(workload: T): Promise<{ workload: T; unresolved: Unresolved | null }> {
    const { secrets = [] } = workload;
    if (secrets.length === 0) return { workload, unresolved: null };
    let unresolved: Unresolved | null = null;
    const resolved: Secret[] = [];
    for (const secret of secrets) {
      let digest: string | null = null;
      try {
        digest = this.#digest(await this.#value(secret));
      } catch (error) {
        const { reason, message, hint } = asFailure(error);
        unresolved ??= { reason, message, hint: hint ?? null };
      }
      resolved.push({ ...secret, digest });
    }
    return { workload: { ...workload, secrets: resolved }, unresolved };
  }

  /** For one start. Throws a `Failure` with the reason `secret_unresolved`. */
  async reveal({ secrets = [] }: Workload): Promise<RevealedSecrets> {
    const revealed: RevealedSecrets = { env: {}, files: [] };
    for (const secret of secrets) {
      const { target: { type, name } } = secret;
      const content = await this.#value(secret);
      if (type === "file") revealed.files.push({ name, content });
      else revealed.env[name] = UTF8.decode(content);
    }
    return revealed;
  }

  /** Forgets what none of these needs. */
  keep(workloads: readonly Workload[]): void {
    const needed = new Set(workloads.flatMap(({ secrets = [] }) => secrets.map(({ ciphertext }) => ciphertext)));
    for (const known of this.#plaintexts.keys()) if (!needed.has(known)) this.#plaintexts.delete(known);
  }

  /** As it is handed over: the line end that an editor or echo leaves is no part of a variable. */
  async #value(secret: Secret): Promise<Uint8Array> {
    const plaintext = await this.#plaintext(secret);
    if (secret.target.type === "file") return plaintext;
    let text: string;
    try {
      text = UTF8.decode(plaintext).replace(/\r?\n$/, "");
    } catch {
      throw refused(secret, "is not UTF-8 text, and a variable must be", `deliver it as a file: secrets = [...]`);
    }
    if (text.includes("\0")) {
      throw refused(secret, "holds a NUL character, which no variable can", `deliver it as a file: secrets = [...]`);
    }
    return new TextEncoder().encode(text);
  }

  async #plaintext(secret: Secret): Promise<Uint8Array> {
    const known = this.#plaintexts.get(secret.ciphertext);
    if (known !== undefined) return await known;
    const decrypted = this.#decrypt(secret);
    this.#plaintexts.set(secret.ciphertext, decrypted);
    decrypted.catch(() => this.#plaintexts.delete(secret.ciphertext));
    return await decrypted;
  }

  async #decrypt(secret: Secret): Promise<Uint8Array> {
    if (this.#identity instanceof Failure) {
      const { message, hint } = this.#identity;
      throw refused(secret, `cannot be decrypted: ${message}`, hint);
    }
    const { keys, recipient } = this.#identity;
    const done = await decrypt(Uint8Array.fromBase64(secret.ciphertext), keys);
    if ("plaintext" in done) {
      registerValue(done.plaintext);
      return done.plaintext;
    }
    if (done.unreadable === "damaged") throw refused(secret, "is damaged", "encrypt it anew");
    const hint = "encrypt it to this recipient as well: harbornode secret encrypt";
    throw refused(secret, `is not encrypted to this device, whose recipient is ${recipient}`, hint);
  }

  /** 128 bits: enough that no two values ever have the same. */
  #digest(value: Uint8Array): string {
    if (this.#identity instanceof Failure) throw this.#identity;
    return createHmac("sha256", this.#identity.digestKey).update(value).digest("hex").slice(0, 32);
  }
}

function registerValue(plaintext: Uint8Array): void {
  if (plaintext.length > REGISTERED.bytes) return;
  const text = new TextDecoder().decode(plaintext).trim();
  registerSecret(text);
  for (const line of text.split(/\r?\n/)) {
    if (line.length >= REGISTERED.line && !line.startsWith("-----")) registerSecret(line);
  }
}

function refused({ target, source }: Secret, what: string, hint?: string): Failure {
  const title = source === null || source === target.name ? `"${target.name}"` : `"${source}" (as ${target.name})`;
  return new Failure(`the secret ${title} ${what}`, {
    kind: "refused",
    reason: "secret_unresolved",
    ...(hint === undefined ? {} : { hint }),
  });
}
