import type { NotifyStatus } from "../../model/snapshot.ts";
import type { Check } from "../check.ts";
import { type Finding, ok, warning } from "../finding.ts";

export interface NotificationFacts {
  targets: readonly NotifyStatus[];
}

/** Who is told of this device by itself, and whether that works. */
export const notifications: Check<NotificationFacts, "snapshot"> = {
  group: "daemon",
  name: "notifications",
  needs: ["snapshot"],
  gather({ snapshot }) {
    return Promise.resolve({ targets: snapshot.notifications });
  },
  evaluate({ targets }) {
    const found: Finding[] = targets.flatMap(({ name, error, waiting }) =>
      error === null ? [] : [warning(
        `${name} could not be told${waiting === 0 ? "" : ` (${waiting} waiting)`}: ${error}`,
        "mend it in config.toml, and try it: harbornode notify test",
      )]
    );
    if (found.length > 0) return found;
    return [ok(targets.length === 0 ? "nobody is told" : targets.map(({ name }) => name).join(", "))];
  },
};
