import { homedir } from "node:os";
import { join } from "node:path";
import { sshLocation } from "../../source/repository_location.ts";
import type { Check } from "../check.ts";
import { type Finding, ok, orOk, problem } from "../finding.ts";
import { readError, readText, runTool } from "../inspect_host.ts";

export interface SshFacts {
  /** As known_hosts has it, "[git.example.org]:2222"; null where the repository is not asked over ssh. */
  host: string | null;
  port: number | null;
  key: { file: string; unreadable: string | null; mode: number; isLocked: boolean } | null;
  knownHosts: {
    /** Those that are there. */
    files: string[];
    /** Where one has to be written. */
    wanted: string;
    /** Null where it could not be found out. */
    knowsHost: boolean | null;
  };
  hasClient: boolean;
}

export const sshFiles: Check<SshFacts, "settings"> = {
  group: "repository",
  name: "ssh",
  needs: ["settings"],
  async gather({ settings: { repo }, env }, signal) {
    const location = sshLocation(repo.url);
    const home = env.HOME ?? homedir() ?? "/root";
    const wanted = repo.knownHostsFile ?? join(home, ".ssh/known_hosts");
    const places = repo.knownHostsFile === null ? [wanted, "/etc/ssh/ssh_known_hosts"] : [wanted];
    const files: string[] = [];
    for (const place of places) if (await readError(place) === null) files.push(place);
    const named = location === null ? null : nameOf(location);
    return {
      host: named,
      port: location?.port ?? null,
      key: repo.sshKeyFile === null || named === null ? null : await keyOf(repo.sshKeyFile),
      knownHosts: { files, wanted, knowsHost: named === null ? null : await knows(named, files, signal) },
      hasClient: named === null || await runTool("ssh", ["-V"], signal) !== null,
    };
  },
  evaluate({ host, port, key, knownHosts, hasClient }) {
    if (host === null) return [ok("not used")];
    if (!hasClient) return [problem("there is no ssh on this device", "sudo apt-get install openssh-client")];
    const found = [...(key === null ? [] : judgeKey(key))];
    if (knownHosts.knowsHost === false) {
      const scan = `ssh-keyscan ${port === null ? "" : `-p ${port} `}${bare(host)}`;
      const hint = `compare what this prints with what the server's owner says, then: ${scan} >> ${knownHosts.wanted}`;
      found.push(problem(`no host key of "${host}" is known here`, hint));
    }
    return orOk(found, `a host key of "${host}" is known${key === null ? "" : ", and the key is its owner's alone"}`);
  },
};

function judgeKey({ file, unreadable, mode, isLocked }: NonNullable<SshFacts["key"]>): Finding[] {
  if (unreadable !== null) return [problem(`the key "${file}" ${unreadable}`, "name it as [repo] ssh_key_file")];
  // ssh refuses such a key itself, with a page of warnings.
  if ((mode & 0o077) !== 0) return [problem(`others may read the key "${file}"`, `sudo chmod 600 ${file}`)];
  if (isLocked) {
    const hint = `make one that has none: ssh-keygen -t ed25519 -N '' -f ${file}.new`;
    return [problem(`the key "${file}" has a passphrase, and nobody is there to type it`, hint)];
  }
  return [];
}

async function keyOf(file: string): Promise<NonNullable<SshFacts["key"]>> {
  const unreadable = await readError(file);
  const mode = await Deno.stat(file).then((info) => info.mode ?? 0, () => 0);
  return { file, unreadable, mode: mode & 0o777, isLocked: isLocked(await readText(file) ?? "") };
}

/** Whether a private key in PEM or in OpenSSH's form (its PROTOCOL.key: the cipher's name comes first) is encrypted. */
function isLocked(text: string): boolean {
  if (/^Proc-Type: 4,ENCRYPTED|BEGIN ENCRYPTED PRIVATE KEY/m.test(text)) return true;
  const body = /BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----/.exec(text)?.[1]?.replace(/\s/g, "");
  if (body === undefined) return false;
  try {
    const bytes = atob(body);
    const begin = "openssh-key-v1\0".length;
    return bytes.slice(begin + 4, begin + 8) !== "none";
  } catch {
    return false;
  }
}

/** Names in it may be hashed: only ssh's own tool reads all of its forms. */
async function knows(host: string, files: string[], signal: AbortSignal): Promise<boolean | null> {
  let answered = files.length === 0;
  for (const file of files) {
    const found = await runTool("ssh-keygen", ["-F", host, "-f", file], signal);
    if (found === null) continue;
    answered = true;
    if (found.code === 0 && found.out !== "") return true;
  }
  return answered ? false : null;
}

function nameOf({ host, port }: { host: string; port: number | null }): string {
  return port === null || port === 22 ? host : `[${host}]:${port}`;
}

function bare(host: string): string {
  return /^\[(.*)\]:\d+$/.exec(host)?.[1] ?? host;
}
