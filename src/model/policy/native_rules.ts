/** What only a service can ask for. */
import type { Limit, LimitName } from "../rlimit.ts";
import type { NativeWorkload } from "../workload.ts";
import { isAllowed, isRoot } from "./allowed_accounts.ts";
import type { NativeRules } from "./field_rule.ts";
import { isHostAllowed, isLinkLocal } from "./allowed_sources.ts";
import type { Policy } from "./policy.ts";
import { type Denial, deny, denyEach } from "./denial.ts";

export const NATIVE_RULES: NativeRules = {
  artifact: ({ artifact }, policy) => {
    const host = artifact !== null && URL.canParse(artifact.url) ? new URL(artifact.url).hostname : null;
    if (host === null || isHostAllowed(host, policy.artifactHosts)) return [];
    if (policy.artifactHosts.length === 0 && !isLinkLocal(host)) return [];
    return [deny({ path: ["artifact"], value: host, key: "artifact_hosts", by: "item" })];
  },
  group: ({ group, user }, policy) => {
    // A user's own group mostly has its name.
    const refusal = group === null || group === user ? null : groupRefusal(group, { policy, path: ["group"] });
    return refusal === null ? [] : [refusal];
  },
  supplementaryGroups: ({ supplementaryGroups }, policy) =>
    denyEach(
      supplementaryGroups,
      (group, index) => groupRefusal(group, { policy, path: ["supplementary_groups", index] }),
    ),
  umask: "is about files that it makes",
  nice: ({ nice }, policy) =>
    nice === null || nice >= 0 ? [] : priorityRefusal(["nice"], { value: String(nice), policy }),
  oomScoreAdj: ({ oomScoreAdj }, policy) =>
    oomScoreAdj === null || oomScoreAdj >= 0
      ? []
      : priorityRefusal(["oom_score_adj"], { value: String(oomScoreAdj), policy }),
  limits: ({ limits }, policy) => limitDenials("limits", { limits, policy }),
  capabilities: ({ capabilities }, { allowCapabilities }) =>
    denyEach(
      capabilities,
      (name, index) =>
        allowCapabilities.includes(name)
          ? null
          : deny({ path: ["capabilities", index], value: name, key: "allow_capabilities", by: "item" }),
    ),
  noNewPrivileges: ({ noNewPrivileges }, { allowRoot }) =>
    noNewPrivileges || allowRoot
      ? []
      : [deny({ path: ["no_new_privileges"], value: "false", key: "allow_root", by: "true" })],
};

/** Which groups are as good as root by what they own is not known here: so none is given unasked. */
function groupRefusal(
  group: string,
  { policy, path }: { policy: Policy; path: Denial["path"] },
): Denial | null {
  if (policy.allowRoot) return null;
  if (isRoot(group)) return deny({ path, value: group, key: "allow_root", by: "true" });
  return isAllowed(group, policy.allowGroups) ? null : deny({ path, value: group, key: "allow_groups", by: "item" });
}

/**
 * Of limits that let a program come before others: with real-time scheduling it can keep a processor for itself, and
 * "nice" up to 20 is what everybody has (getrlimit(2)). The others bound what a program may take.
 */
export function limitDenials(
  field: "limits" | "ulimits",
  { limits, policy }: { limits: NativeWorkload["limits"]; policy: Policy },
): Denial[] {
  const most: Partial<Record<LimitName, number>> = { rtprio: 0, nice: 20 };
  return Object.entries(most).flatMap(([name, bound]) => {
    const limit: Limit | undefined = limits[name as LimitName];
    if (limit === undefined || (limit.hard !== null && limit.hard <= bound)) return [];
    return priorityRefusal([field, name], { value: name, policy });
  });
}

function priorityRefusal(
  path: Denial["path"],
  { value, policy }: { value: string; policy: Policy },
): Denial[] {
  return policy.allowPriority ? [] : [deny({ path, value, key: "allow_priority", by: "true" })];
}
