/** Which revisions may be used on this device: those that somebody trusted signed, and that rewind nothing. */
import type { Clock } from "../clock.ts";
import { Failure } from "../failure.ts";
import type { Target } from "../manifest/device/selector.ts";
import type { Settings } from "../settings/settings.ts";
import { type AllowedSigner, readAllowedSigners } from "../signature/allowed_signers.ts";
import { signerOf } from "../source/signature/verify_commit.ts";
import type { Ancestry, RevisionVerifier, Source } from "../source/source.ts";
import type { SourceRecord } from "../store/source_record.ts";
import { checkTexts } from "./load_revision.ts";
import { checkTrailers } from "./commit_trailers.ts";
import { shortId } from "../model/git_ref.ts";

export interface RevisionVerifierOptions {
  trust: Settings["trust"];
  clock: Clock;
  /** Looked up at each revision: the source is made with its admission. */
  known: () => { record: SourceRecord; source: Pick<Source, "url" | "branch">; target: Target };
}

/**
 * What `[repo]` says of trust, asked of one revision after the other. What it finds is kept in the memory: who signed,
 * and which revision waits for the owner. Every refusal is of kind "waiting": a list that is mended, a word of the owner
 * or another push makes it a different question. Only a revision with too many texts is a "mistake": it stays one.
 */
export function revisionVerifier({ trust, clock, known }: RevisionVerifierOptions): RevisionVerifier {
  return async (revision, ancestry) => {
    const { record, source, target } = known();
    const { id } = revision;
    if (trust.verify === "head") {
      const signer = signerOf(revision, await readSigners(trust.allowedSigners));
      record.recordSigner(id, signer);
    }
    // Before the revision takes the place of the one on disk.
    checkTexts(revision);
    // After the signature: what a stranger says holds nothing back.
    checkTrailers(revision, { target, now: clock.now() });
    const { url, branch } = record.current;
    const isSameBranch = url === source.url && branch === source.branch;
    if (trust.requireFastForward && isSameBranch) {
      await rejectForcePush(record, { id, ancestry, branch: source.branch });
    }
    record.clearForcePush();
  };
}

/** Ten thousand keys. */
const MAX_SIGNERS_BYTES = 1024 * 1024;

/** Read anew each time, so that a key that is taken out counts for nothing from then on. */
async function readSigners(path: string | null): Promise<AllowedSigner[]> {
  const { size } = await Deno.stat(path ?? "").catch(() => ({ size: 0 }));
  if (size > MAX_SIGNERS_BYTES) throw unreadable(`The list of signers "${path}" is over 1 MiB`);
  const text = await Deno.readTextFile(path ?? "").catch((error) => {
    const why = error instanceof Deno.errors.NotFound ? "it is not there" : error.message;
    throw unreadable(`The list of signers "${path}" cannot be read: ${why}`);
  });
  const list = readAllowedSigners(text);
  if (!Array.isArray(list)) throw unreadable(`Line ${list.line} of the list of signers "${path}" ${list.message}`);
  return list;
}

function unreadable(message: string): Failure {
  const hint = "mend it: its lines are names, options and a key, as in ssh-keygen(1) under ALLOWED SIGNERS";
  return new Failure(message, { kind: "waiting", reason: "signers_unreadable", hint });
}

/** What was admitted before is so again after a restart: its history need not be here then. */
async function rejectForcePush(
  record: SourceRecord,
  { id, ancestry, branch }: { id: string; ancestry: Ancestry; branch: string },
): Promise<void> {
  const { applied, attempted, rewound, accepted } = record.current;
  if (applied === null || id === applied || id === attempted) return;
  const isKnown = rewound?.revision === id && rewound.over === applied;
  if (!isKnown) {
    if (accepted?.over === applied && await ancestry.isAncestor(accepted.revision)) return;
    if (await ancestry.isAncestor(applied)) return;
  }
  record.recordForcePush({ revision: id, over: applied });
  const [next, before] = [shortId(id), shortId(applied)];
  throw new Failure(`The branch "${branch}" was rewound: ${next} does not come after ${before}, which is applied`, {
    kind: "waiting",
    reason: "history_rewound",
    hint: `say "harbornode accept ${next}" if that is what you want; until then everything stays as it is`,
  });
}
