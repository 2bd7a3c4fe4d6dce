/** age's encryption. The library is loaded by the first call. */
import { Failure } from "../failure.ts";

const library = () => import("age-encryption");

/** Why a ciphertext is of no use here. */
export type UndecryptableError = "not for these" | "damaged";

/** Never throws for what is in the ciphertext, and never tells of it. */
export async function decrypt(
  ciphertext: Uint8Array,
  keys: readonly string[],
): Promise<{ plaintext: Uint8Array } | { unreadable: UndecryptableError }> {
  const { Decrypter } = await library();
  const decrypter = new Decrypter();
  for (const key of keys) decrypter.addIdentity(key);
  try {
    return { plaintext: await decrypter.decrypt(ciphertext) };
  } catch (error) {
    const isOthers = error instanceof Error && error.message.startsWith("no identity matched");
    return { unreadable: isOthers ? "not for these" : "damaged" };
  }
}

/** age's binary form, to all of the recipients. */
export async function encrypt(plaintext: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  if (recipients.length === 0) {
    throw new Failure("nobody could decrypt it: there is no recipient", {
      kind: "mistake",
      reason: "secret_unresolved",
    });
  }
  const { Encrypter } = await library();
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return await encrypter.encrypt(plaintext);
}

/** In lines, with a line end behind the last, as git shows changes of it best. */
export async function armored(ciphertext: Uint8Array): Promise<string> {
  const { armor } = await library();
  return armor.encode(ciphertext);
}
