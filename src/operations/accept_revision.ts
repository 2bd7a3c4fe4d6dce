/** The owner's word for a branch that was rewound. */
import { Failure } from "../failure.ts";
import type { OperationDeps } from "./operation_deps.ts";
import { shortId } from "../model/git_ref.ts";

/**
 * Takes the revision that waits, and all that comes after it, in place of the applied one; `revision` are its first
 * digits, null for whichever it is. Returns a sentence. Throws a `Failure` (`mistake`) where that one does not wait.
 */
export async function acceptRevision(
  { state, events, sync }: Pick<OperationDeps, "state" | "events" | "sync">,
  revision: string | null,
): Promise<string> {
  const { rewound, applied, seen } = state.source.current;
  // One that is not the head any more waits for nothing.
  if (rewound === undefined || rewound.over !== applied || rewound.revision !== seen) {
    throw mistake("no revision waits for your word", 'say "harbornode sync" to look at the repository first');
  }
  const id = shortId(rewound.revision);
  if (revision !== null && (revision.length < 4 || !rewound.revision.startsWith(revision))) {
    throw mistake(`the revision that waits is ${id}, not "${revision}"`, `say "harbornode accept ${id}"`);
  }
  await state.source.acceptForcePush(rewound);
  const message = `revision ${id} was accepted in place of ${shortId(rewound.over)}`;
  events.add({ workload: null, reason: "forced", message });
  sync.request();
  return message;
}

function mistake(message: string, hint: string): Failure {
  return new Failure(message, { kind: "mistake", reason: "history_rewound", hint });
}
