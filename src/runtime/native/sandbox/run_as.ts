/** As whom a workload runs: who that is, and whether the owner of the device allows it. Changes nothing. */
import { join } from "node:path";
import { Failure } from "../../../failure.ts";
import { isAllowed } from "../../../model/policy/allowed_accounts.ts";
import type { NativeWorkload } from "../../../model/workload.ts";
import { type Account, findAccount, findGroup, type Group, groups as allGroups } from "./account.ts";
import type { SandboxOptions } from "./sandbox_options.ts";
import { grantedCapabilities } from "./capability_sets.ts";
import { deviceGroups } from "./device_access.ts";
import { dynamicUser } from "./dynamic_user.ts";

export interface RunAs {
  uid: number;
  gid: number;
  /** Supplementary ones, sorted. */
  groups: number[];
  /** For USER and LOGNAME. A user of its own has no name that the device knows, and is called by its number. */
  name: string;
  home: string;
  /** "all" is root with everything that root has. */
  capabilities: "all" | string[];
}

/** Whoever is in one of these is as good as root, by a daemon or by the bytes of the disk. */
const AS_GOOD_AS_ROOT = ["root", "docker", "disk", "kmem", "shadow", "sudo", "wheel", "lxd", "incus", "harbornode"];

/**
 * Null: as the daemon itself, which is not root or has no range of users to give. Throws `Failure` where the device
 * cannot or its owner does not want to (`policy_denied`).
 */
export async function resolveRunAs(workload: NativeWorkload, bounds: SandboxOptions): Promise<RunAs | null> {
  const { policy } = bounds;
  const capabilities = await grantedCapabilities(workload);
  const devices = await deviceGroups(workload);
  if (Deno.uid() !== 0) return await asDaemon(workload);
  const account = await accountOf(workload, bounds);
  const { group, supplementaryGroups, user } = workload;
  if (account.uid === 0 && !policy.allowRoot) {
    throw user === null ? ownerlessDenied() : rootDenied("user", user);
  }
  const gid = group === null ? account.gid : (await findGroup(group)).gid;
  const given = await Promise.all(supplementaryGroups.map(findGroup));
  const known = await allGroups();
  const member = user === null ? [] : known.filter(({ members }) => members.includes(account.name));
  const groups = [...new Set([...member, ...given].map((one) => one.gid).concat(devices))].sort((a, b) => a - b);
  if (!policy.allowRoot) {
    const isNamed = ({ name, gid }: Group) =>
      gid !== 0 && [name, String(gid)].some((one) => isAllowed(one, policy.allowGroups));
    const strong = known.find((one) =>
      AS_GOOD_AS_ROOT.includes(one.name) && [gid, ...groups].includes(one.gid) && !isNamed(one)
    );
    if (strong !== undefined) throw rootDenied("group", strong.name);
  }
  const everything = account.uid === 0 && workload.capabilities.length === 0;
  return { ...account, gid, groups, capabilities: everything ? "all" : capabilities };
}

async function accountOf({ name, user }: NativeWorkload, { stateDir, uidRange }: SandboxOptions): Promise<Account> {
  if (user !== null) return await findAccount(user);
  if (uidRange === null) return await findAccount("root");
  const uid = await dynamicUser(name, { stateDir, range: uidRange });
  return { name: String(uid), uid, gid: uid, home: join(stateDir, name) };
}

/** Only root can become somebody else, or hand out what it has. */
async function asDaemon({ user, group, supplementaryGroups, capabilities }: NativeWorkload): Promise<null> {
  const refused = (what: string) =>
    new Failure(`the daemon cannot start a program ${what}`, {
      kind: "refused",
      reason: "permission_denied",
      hint: "run the daemon as root, or leave it out of the manifest",
    });
  if (user !== null && (await findAccount(user)).uid !== Deno.uid()) throw refused(`as user "${user}"`);
  const [more] = group === null ? supplementaryGroups : [group];
  if (more !== undefined && (await findGroup(more)).gid !== Deno.gid()) throw refused(`in group "${more}"`);
  if (capabilities[0] !== undefined) throw refused(`with "${capabilities[0]}"`);
  return null;
}

function rootDenied(key: string, value: string): Failure {
  return new Failure(`${key}: the owner of this device does not allow root, or what is as good: "${value}"`, {
    kind: "mistake",
    reason: "policy_denied",
    hint: `leave ${key} out, or set allow_root = true in [policy] of config.toml`,
  });
}

function ownerlessDenied(): Failure {
  return new Failure(`uid_range: without one a service runs as root, which the owner of this device does not allow`, {
    kind: "mistake",
    reason: "policy_denied",
    hint: "set uid_range in [native] of config.toml, or name a user in the manifest",
  });
}
