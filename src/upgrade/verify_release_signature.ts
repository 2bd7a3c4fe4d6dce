/** [pure] Whether a release is one that somebody signed whom the owner of the device trusts. */
import { Failure } from "../failure.ts";
import type { ReasonCode } from "../model/reason.ts";
import type { AllowedSigner } from "../signature/allowed_signers.ts";
import { matchesPatterns } from "../signature/principal_pattern.ts";
import { keyFingerprint } from "../signature/public_key.ts";
import { readSshSignature } from "../signature/ssh_signature.ts";
import { Malformed } from "../signature/ssh_wire.ts";

/** What the signatures of releases are for: one of a commit is none of a release. */
const NAMESPACE = "harbornode-release";

/** `by`: null where the list names nobody, and the checksum is all that can be asked. */
export interface Verified {
  by: string | null;
}

/**
 * `signature` is null where the release has none. Throws a `Failure` for everything that is not signed by a key of the
 * list which counts now; a list without a key lets every release through, and the answer says so.
 */
export function verifyRelease(
  { sums, signature }: { sums: Uint8Array; signature: string | null },
  { signers, now }: { signers: readonly AllowedSigner[]; now: number },
): Verified {
  if (signers.length === 0) return { by: null };
  if (signature === null) {
    throw refusal("The release is not signed, and this device knows who signs releases", "signature_missing");
  }
  try {
    const read = readSshSignature(signature);
    if (read.namespace !== NAMESPACE) {
      throw new Malformed(`is for "${read.namespace}", and releases are signed for "${NAMESPACE}"`);
    }
    const blob = read.key.blob.join();
    const signer = signers.find((allowedSigner) =>
      allowedSigner.key.blob.join() === blob && counts(allowedSigner, now)
    );
    if (signer === undefined) {
      throw refusal(`The release is signed with the key ${keyFingerprint(read.key)}, which may not`, "signer_unknown");
    }
    if (!read.isOf(sums)) throw new Malformed("is not of this release");
    return { by: signer.principal };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw refusal(`The signature of the release ${error.message}`, "signature_invalid");
  }
}

function counts({ namespaces, validAfter, validBefore }: AllowedSigner, now: number): boolean {
  const seconds = now / 1000;
  return (namespaces === null || matchesPatterns(NAMESPACE, namespaces)) &&
    (validAfter === null || seconds >= validAfter) && (validBefore === null || seconds <= validBefore);
}

function refusal(message: string, reason: ReasonCode): Failure {
  const hint = "nothing was changed; ask whoever made the release, or look at release_signers below [daemon]";
  return new Failure(message, { kind: "refused", reason, hint });
}
