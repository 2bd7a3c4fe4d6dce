/** What is made of what was seen of the repository and of whoever serves it. */
import { certificates } from "../../src/doctor/repository/certificates.ts";
import { connectivity } from "../../src/doctor/repository/connectivity.ts";
import { sshFiles } from "../../src/doctor/repository/ssh_files.ts";
import { token } from "../../src/doctor/repository/repository_token.ts";
import { Failure } from "../../src/failure.ts";
import { judges } from "./evaluate_checks.ts";

const NOW = Date.UTC(2026, 10, 21, 18, 0);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const FAILURE = new Failure('The server of "https://x/y" refused the credentials', {
  kind: "refused",
  reason: "auth_failed",
  hint: "put a token there",
});
judges(connectivity, { url: "https://x/y", branch: "main", revision: "4f2c91a0".repeat(5), tookMs: 84.4 }, [
  [{}, "ok: main is at 4f2c91a, told in 84 ms"],
  [
    { failure: FAILURE } as never,
    'problem: The server of "https://x/y" refused the credentials\n  put a token there',
  ],
]);

const GITHUB = { host: "github.com", hasToken: true, isPlain: false, forge: "github" } as const;
judges(token, { ...GITHUB, mayPush: false, scopes: null, expiresAt: null, now: NOW }, [
  [{}, "ok: may not push"],
  [{ host: null }, "ok: not used"],
  [{ hasToken: false }, "ok: none"],
  [{ mayPush: null }, "ok: the server does not tell what it may do"],
  [{ mayPush: true }, /^warning: it may push to the repository, and reading is enough\n {2}make a fine-grained token/],
  [{ mayPush: true, forge: null }, /\n {2}make a token that may only read this repository$/],
  [{ mayPush: true, scopes: ["repo", "read:org"] }, /^warning: it may do more than read: repo\n/],
  [{ scopes: ["read:org", "read:packages"] }, "ok: may not push (read:org, read:packages)"],
  [{ forge: "gitlab", scopes: ["read_repository"] }, "ok: may not push (read_repository)"],
  [
    { forge: "gitlab", scopes: ["read_repository", "write_repository", "api"] },
    /: write_repository, api\n {2}make a project/,
  ],
  [{ expiresAt: NOW + 14 * DAY }, /^ok/],
  [{ expiresAt: NOW + 13.5 * DAY }, /^warning: it expires in 13 days\n {2}make a new one/],
  [{ expiresAt: NOW + 1.5 * DAY }, /^warning: it expires in 1 day\n/],
  [{ expiresAt: NOW }, /^problem: it has expired\n/],
  [{ isPlain: true }, 'warning: it is sent to "github.com" in plain text\n  write https:// as [repo] url'],
]);

const KEY = { file: "/etc/harbornode/key", unreadable: null, mode: 0o600, isLocked: false };
const HOSTS = { files: ["/root/.ssh/known_hosts"], wanted: "/root/.ssh/known_hosts", knowsHost: true };
judges(sshFiles, { host: "git.example.org", port: null, key: KEY, knownHosts: HOSTS, hasClient: true }, [
  [{}, 'ok: a host key of "git.example.org" is known, and the key is its owner\'s alone'],
  [{ host: null }, "ok: not used"],
  [{ hasClient: false }, "problem: there is no ssh on this device\n  sudo apt-get install openssh-client"],
  [
    { key: { ...KEY, mode: 0o640 } },
    'problem: others may read the key "/etc/harbornode/key"\n  sudo chmod 600 /etc/harbornode/key',
  ],
  [{ key: { ...KEY, unreadable: "is not there" } }, /^problem: the key ".*" is not there\n/],
  [{ key: { ...KEY, isLocked: true } }, /^problem: the key ".*" has a passphrase, .*\n.*ssh-keygen -t ed25519/],
  [
    { host: "[git.example.org]:2222", port: 2222, knownHosts: { ...HOSTS, knowsHost: false } },
    /^problem: no host key of "\[git.example.org\]:2222".*\n.*ssh-keyscan -p 2222 git.example.org >> \/root\/.ssh\/known_hosts$/,
  ],
  [{ knownHosts: { ...HOSTS, knowsHost: null } }, /^ok/],
]);

const STORE = { file: "/etc/ssl/certs/ca-certificates.crt", unreadable: null, valid: 140, expired: 4, future: 0 };
judges(certificates, { host: "x", system: STORE, own: null, isSystemUsed: true }, [
  [{}, "ok: 140 authorities in /etc/ssl/certs/ca-certificates.crt"],
  [{ host: null, system: null }, "ok: not used"],
  [{ isSystemUsed: null }, /^ok/],
  [{ isSystemUsed: false }, /^warning: the daemon does not use the authorities of this system\n/],
  [
    { system: null },
    /^problem: this device knows no certificate authority\n {2}sudo apt-get install .*ca-certificates$/,
  ],
  [
    { system: { ...STORE, unreadable: "may not be read by this user" } },
    /^problem: .* may not be read by this user\n.*chmod 644/,
  ],
  [{ system: { ...STORE, valid: 0, expired: 0 } }, /^problem: .* holds no certificate\n/],
  [
    { system: { ...STORE, valid: 3, expired: 1, future: 140 } },
    /^problem: most authorities are not valid yet, by the clock/,
  ],
  [{ system: { ...STORE, valid: 3, expired: 141 } }, /^problem: most authorities have expired, by the clock/],
  [
    { own: { ...STORE, file: "/ca.pem", valid: 0, expired: 1 } },
    /^warning: ca_file "\/ca.pem" holds no certificate that is valid now/,
  ],
  [{ own: { ...STORE, file: "/ca.pem", valid: 0, expired: 0 } }, /^problem: ca_file "\/ca.pem" holds no certificate\n/],
]);
