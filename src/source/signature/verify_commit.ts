/** [pure] Who signed a commit, of those that the owner of the device trusts. */
import { Failure, type FailureDetail } from "../../failure.ts";
import type { AllowedSigner } from "../../signature/allowed_signers.ts";
import { matchesPatterns } from "../../signature/principal_pattern.ts";
import { keyFingerprint } from "../../signature/public_key.ts";
import { readSshSignature, type SshSignature } from "../../signature/ssh_signature.ts";
import { type SignedCommit, splitSignedCommit } from "./signed_commit.ts";
import { Malformed } from "../../signature/ssh_wire.ts";
import { shortId } from "../../model/git_ref.ts";

/** What git has its signatures be for. */
const NAMESPACE = "git";

export interface CommitToVerify {
  id: string;
  /** As git stores it. */
  commit: Uint8Array;
}

/**
 * The principal whose key signed the commit. As git does, it takes any key of the list, whoever the commit names as its
 * author, and looks at validity at the time that the commit says it was made. Throws a `Failure` of kind "waiting" for
 * every other commit: the list may become another one, and so may the branch.
 */
export function signerOf({ id, commit }: CommitToVerify, signers: readonly AllowedSigner[]): string {
  const short = shortId(id);
  try {
    const apart = splitSignedCommit(commit);
    const signature = signatureIn(apart, short);
    if (signature.namespace !== NAMESPACE) {
      throw new Malformed(`is for "${signature.namespace}", and commits are signed for "${NAMESPACE}"`);
    }
    if (!signature.isOf(apart.payload)) throw new Malformed("is not of this commit");
    return trusted(signature, { short, at: apart.committedAt, signers });
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw refusal(`The signature of revision ${short} ${error.message}`, {
      reason: "signature_invalid",
      hint: 'sign it with an SSH key ("git commit -S" with gpg.format = "ssh") and push it again',
    });
  }
}

function signatureIn({ signature }: SignedCommit, short: string): SshSignature {
  if (signature === null) {
    throw refusal(`Revision ${short} is not signed, and [repo] verify = "head" asks for a signature`, {
      reason: "signature_missing",
      hint: 'sign it with "git commit --amend -S" (gpg.format = "ssh") and push it again',
    });
  }
  if (!signature.startsWith("-----BEGIN SSH SIGNATURE-----")) {
    const kind = /^-----BEGIN (PGP|SIGNED)/.exec(signature)?.[1];
    const found = kind === "PGP" ? "made with PGP" : kind === "SIGNED" ? "made with X.509" : "of an unknown kind";
    throw new Malformed(`is ${found}, and only those of SSH keys are checked here`);
  }
  return readSshSignature(signature);
}

function trusted(
  { key }: SshSignature,
  { short, at, signers }: { short: string; at: number; signers: readonly AllowedSigner[] },
): string {
  const blob = key.blob.join();
  const own = signers.filter((signer) => signer.key.blob.join() === blob);
  const why = own.map((signer) => whyNot(signer, at));
  const good = own.find((_, index) => why[index] === null);
  if (good !== undefined) return good.principal;
  const who = own.length === 0 ? "which is not in allowed_signers" : `which may not: ${why[0]}`;
  throw refusal(`Revision ${short} is signed with the key ${keyFingerprint(key)}, ${who}`, {
    reason: "signer_unknown",
    hint: "have it signed by somebody on the list, or add the key there if you trust it",
  });
}

/** Null when the line holds for a commit made at this time. */
function whyNot({ principal, namespaces, validAfter, validBefore }: AllowedSigner, at: number): string | null {
  if (namespaces !== null && !matchesPatterns(NAMESPACE, namespaces)) {
    return `that of "${principal}" is listed for "${namespaces}" alone`;
  }
  if (validAfter !== null && at < validAfter) return `that of "${principal}" was not valid yet when it was made`;
  if (validBefore !== null && at > validBefore) return `that of "${principal}" was not valid any more when it was made`;
  return null;
}

function refusal(message: string, detail: Pick<FailureDetail, "reason"> & { hint: string }): Failure {
  return new Failure(message, { kind: "waiting", ...detail });
}
