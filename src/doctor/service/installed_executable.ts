import { COMMIT, VERSION } from "../../version.ts";
import type { Check } from "../check.ts";
import { type Finding, ok, orOk, warning } from "../finding.ts";
import { readText } from "../inspect_host.ts";

export interface ExecutableFacts {
  version: string;
  /** "source" where nothing was compiled. */
  commit: string;
  /** This very program. */
  path: string;
  /** What "harbornode" means in a shell; null for nothing. */
  onPath: string | null;
  /** The version of an upgrade that did not work here, and was taken back; null for none. */
  refused: string | null;
  /** Null where no daemon answers. */
  daemon: {
    version: string;
    pid: number;
    /** As the kernel tells; null where this user may not ask. Replaced files end in " (deleted)". */
    path: string | null;
  } | null;
}

export const executable: Check<ExecutableFacts> = {
  group: "service",
  name: "executable",
  async gather({ env, snapshot }) {
    const { version, pid } = snapshot?.daemon ?? {};
    const path = await Deno.realPath(Deno.execPath()).catch(() => Deno.execPath());
    return {
      version: VERSION,
      commit: COMMIT,
      path,
      // The unit leaves it there (ExecStartPre of systemd/harbornode.service).
      refused: /^version (\S+)$/m.exec(await readText(`${path}.refused`) ?? "")?.[1] ?? null,
      onPath: await firstOnPath("harbornode", env.PATH ?? ""),
      daemon: version === undefined || pid === undefined
        ? null
        : { version, pid, path: await Deno.readLink(`/proc/${pid}/exe`).catch(() => null) },
    };
  },
  evaluate({ version, commit, path, onPath, refused, daemon }) {
    if (commit === "source") return [ok(`${version}, from source`)];
    const found: Finding[] = [];
    const restart = "sudo systemctl restart harbornode";
    if (daemon !== null && daemon.version !== version) {
      found.push(warning(`the daemon runs ${daemon.version}, and this is ${version}`, restart));
    } else if (daemon?.path?.endsWith(" (deleted)")) {
      found.push(warning("the daemon still runs the executable that was replaced", restart));
    } else if (daemon !== null && daemon.path !== null && daemon.path !== path) {
      found.push(warning(`the daemon runs "${daemon.path}", and this is "${path}"`, `keep one: sudo rm ${path}`));
    }
    if (refused !== null) {
      const hint = "see what it said: journalctl -u harbornode";
      found.push(warning(`${refused} did not work here, and the executable before it was put back`, hint));
    }
    if (onPath === null) {
      found.push(warning('"harbornode" is not on the PATH', `sudo ln -s ${path} /usr/local/bin/harbornode`));
    } else if (onPath !== path) {
      found.push(
        warning(`"harbornode" in a shell is "${onPath}", and this is "${path}"`, `keep one: sudo rm ${onPath}`),
      );
    }
    return orOk(found, `${version} (${commit}) ${path}`);
  },
};

/** Where it really lies. */
async function firstOnPath(name: string, path: string): Promise<string | null> {
  for (const directory of path.split(":").filter((one) => one.startsWith("/"))) {
    const found = await Deno.realPath(`${directory}/${name}`).catch(() => null);
    if (found !== null) return found;
  }
  return null;
}
