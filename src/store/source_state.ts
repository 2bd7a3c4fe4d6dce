/** What is remembered of the repository: which revision was seen, tried, applied, healthy. */
import { dirname } from "node:path";
import { StateDisk } from "./state_writer.ts";
import type { Format } from "./versioned_file.ts";

export interface SourceState {
  /** Where the applied revision came from: another URL or device later is a reason to ask before removing anything. */
  url: string;
  branch: string;
  device: string;
  /** Absent in what an older daemon wrote. */
  labels?: Record<string, string>;
  seen: string | null;
  attempted: string | null;
  applied: string | null;
  healthy: string | null;
  pruneConfirmed: string | null;
  /** The revision that waits for no maintenance window, by the owner's word. */
  windowsOpenFor?: string;
  /** Set once Docker has answered on this device. */
  hasDocker?: true;
  /** The revision that was taken back as a whole, and why. */
  refused?: { revision: string; message: string };
  /** Who signed the last revisions that were admitted, the newest last. */
  signed?: { revision: string; signer: string }[];
  /** The head of a branch that was rewound, and the applied revision that it does not come after. */
  rewound?: ForcePush;
  /** The one that the owner took in place of the applied one. */
  accepted?: ForcePush;
}

export interface ForcePush {
  revision: string;
  over: string;
}

export const SOURCE: Format<SourceState> = {
  version: 1,
  check(value) {
    const sourceState = value as Partial<SourceState> | null;
    if (sourceState === null || typeof sourceState !== "object" || typeof sourceState.url !== "string") return null;
    return sourceState as SourceState;
  },
};

export function readSourceState(
  path: string,
  disk = new StateDisk({ root: dirname(path) }),
): Promise<SourceState | null> {
  return disk.read(path, SOURCE);
}

/** Writes it as it is when the disk takes it. Never rejects. */
export function writeSourceState(path: string, sourceState: SourceState, disk: StateDisk): Promise<void> {
  return disk.write(path, SOURCE, () => sourceState);
}
