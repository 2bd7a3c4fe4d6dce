import type { Snapshot } from "../../model/snapshot.ts";
import type { Check } from "../check.ts";
import { ok, problem } from "../finding.ts";

export interface StateFacts {
  unsaved: Snapshot["device"]["state_unsaved"];
}

/** Whether the disk takes what the daemon has to remember. */
export const state: Check<StateFacts, "snapshot"> = {
  group: "storage",
  name: "state",
  isFirst: true,
  needs: ["snapshot"],
  gather({ snapshot }) {
    return Promise.resolve({ unsaved: snapshot.device.state_unsaved });
  },
  evaluate({ unsaved }) {
    return [unsaved === null ? ok("everything is saved") : problem(unsaved.message, unsaved.hint)];
  },
};
