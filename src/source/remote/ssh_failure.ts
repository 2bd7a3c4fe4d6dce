/** What ssh and the git behind it said, as a sentence and with the kind that tells the loop what to do. */
import { Failure } from "../../failure.ts";
import { oneLine } from "../../model/escape.ts";
import { damaged } from "../git_failure.ts";
import { redactCredentials } from "../redact_credentials.ts";

interface Case {
  said: RegExp;
  kind: Failure["kind"];
  reason: Failure["reason"];
  message: (url: string) => string;
  hint?: string;
}

const CASES: Case[] = [
  {
    said: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    kind: "refused",
    reason: "host_unverified",
    message: (url) => `The server of "${url}" shows another host key than the one that is known`,
    hint:
      "somebody may stand in between; if the server really has a new key, put it in the file that known_hosts_file names",
  },
  {
    said: /Host key verification failed|No .* host key is known/,
    kind: "refused",
    reason: "host_unverified",
    message: (url) => `The host key of "${url}" is not known, so the server is not trusted`,
    hint:
      'check the output of "ssh-keyscan HOST" against what the server\'s owner publishes, and put it in known_hosts_file',
  },
  {
    said: /UNPROTECTED PRIVATE KEY FILE|bad permissions/,
    kind: "refused",
    reason: "auth_failed",
    message: (url) => `The key for "${url}" can be read by others, and ssh does not use such a key`,
    hint: "chmod 600 the file that ssh_key_file names",
  },
  {
    said: /Permission denied|Too many authentication failures|invalid format|error in libcrypto/,
    kind: "refused",
    reason: "auth_failed",
    message: (url) => `The server of "${url}" refused the key`,
    hint: "add the public half of ssh_key_file to the repository as a deploy key; it must have no passphrase",
  },
  {
    said: /does not appear to be a git repository|[Rr]epository .*not found|could not be found|no such path/,
    kind: "mistake",
    reason: "repo_not_found",
    message: (url) => `There is no repository at "${url}"`,
    hint: "check [repo] url, and that the deploy key belongs to this repository",
  },
];

export function sshFailure(url: string, said: string): Failure {
  const found = CASES.find((one) => one.said.test(said));
  if (found !== undefined) {
    const { kind, reason, message, hint } = found;
    return new Failure(message(url), { kind, reason, ...(hint === undefined ? {} : { hint }) });
  }
  const last = redactCredentials(said).split("\n").map((line) => oneLine(line)).findLast((line) => line !== "");
  const cause = (last ?? "the connection broke off").replace(/^ssh: /, "").replace(/\.$/, "");
  return /connect|resolve|route|timed out|reset|closed|broke/i.test(cause)
    ? new Failure(`Cannot reach "${url}": ${cause}`, { kind: "transient", reason: "repo_unreachable" })
    : damaged(url, cause);
}

export function sshMissing(url: string): Failure {
  return new Failure(`"${url}" is reached over ssh, and this device has no ssh`, {
    kind: "refused",
    reason: "repo_unreachable",
    hint: "install the OpenSSH client: apt-get install openssh-client",
  });
}
