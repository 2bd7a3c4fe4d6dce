/** A value that git holds encrypted. */
export interface Secret {
  /** Where its plaintext goes: a variable of the environment, or a file of $CREDENTIALS_DIRECTORY. */
  target: { type: "env" | "file"; name: string };
  /** The file of `secrets/` that it comes from, without ".age"; null for a value in the manifest itself. */
  source: string | null;
  /** age's binary form, in base64. */
  ciphertext: string;
  /** Equal for equal values, by a key that this device alone has. Null where it could not be decrypted. */
  digest: string | null;
}

/** Which value goes where, by "env.NAME" and "file.NAME"; null for one that could not be decrypted. */
export function secretsIdentity(secrets: readonly Secret[]): Record<string, string | null> {
  return Object.fromEntries(secrets.map(({ target, digest }) => [`${target.type}.${target.name}`, digest]));
}
