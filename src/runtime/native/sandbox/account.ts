/** Users and groups of the device, as /etc/passwd and /etc/group name them. */
import { Failure } from "../../../failure.ts";
import { singleflight } from "../../../async/singleflight.ts";

export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

export interface Group {
  name: string;
  gid: number;
  members: string[];
}

export async function accounts(): Promise<Account[]> {
  return (await lines("/etc/passwd")).flatMap(([name, , uid, gid, , home]) =>
    name === undefined || home === undefined ? [] : [{ name, uid: Number(uid), gid: Number(gid), home }]
  );
}

export async function groups(): Promise<Group[]> {
  return (await lines("/etc/group")).flatMap(([name, , gid, members]) =>
    name === undefined || gid === undefined
      ? []
      : [{ name, gid: Number(gid), members: members === undefined || members === "" ? [] : members.split(",") }]
  );
}

/** The account of a user by name or number. */
export async function findAccount(user: string): Promise<Account> {
  const found = (await accounts()).find(({ name, uid }) => name === user || String(uid) === user);
  if (found !== undefined) return found;
  throw new Failure(`there is no user "${user}" on this device`, {
    kind: "mistake",
    reason: "user_unknown",
    hint: `make it with "useradd --system ${plain(user)}", or name another one`,
  });
}

/** A group by name or number. */
export async function findGroup(group: string): Promise<Group> {
  const found = (await groups()).find(({ name, gid }) => name === group || String(gid) === group);
  if (found !== undefined) return found;
  throw new Failure(`there is no group "${group}" on this device`, {
    kind: "mistake",
    reason: "user_unknown",
    hint: `make it with "groupadd --system ${plain(group)}", or name another one`,
  });
}

function plain(name: string): string {
  return /^[a-z_][a-z0-9_-]*$/.test(name) ? name : "NAME";
}

const lines = singleflight(async (path: string): Promise<string[][]> => {
  const text = await Deno.readTextFile(path).catch(() => "");
  return text.split("\n").map((line) => line.split(":"));
});
