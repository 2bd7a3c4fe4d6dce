import type { Policy } from "../../../model/policy/policy.ts";

/** What the device's owner lets services ask for; all that confines them takes these. */
export interface SandboxOptions {
  /** Below it each workload has its own folder to write to. */
  stateDir: string;
  /** Users for services that name none, both ends included; null: they run as the daemon does. */
  uidRange: { from: number; to: number } | null;
  /** What the planner cannot ask: who a name stands for, and whose groups are as good as root. */
  policy: Pick<Policy, "allowRoot" | "allowGroups">;
}
