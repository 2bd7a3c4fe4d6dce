/** What checks learn of a real git server, of ssh, and of forges that answer as their documentation has it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ports } from "../../src/doctor/daemon/page_port.ts";
import { certificates } from "../../src/doctor/repository/certificates.ts";
import { connectivity } from "../../src/doctor/repository/connectivity.ts";
import { sshFiles } from "../../src/doctor/repository/ssh_files.ts";
import { token } from "../../src/doctor/repository/repository_token.ts";
import { clock } from "../../src/doctor/machine/system_clock.ts";
import { GitRepository } from "../support/git_repository.ts";
import { GitServer } from "../support/git_server.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { healthySnapshot } from "../support/snapshots.ts";
import { SshServer } from "../support/ssh_server.ts";
import { tempDir } from "../support/temp.ts";
import { situation, told } from "./doctor_contexts.ts";

const TOKEN = "glpat-a-token-of-this-test";

const repo = (...lines: string[]) => ["[repo]", ...lines, ""].join("\n");

await testNeeding(["git"], "a git server is reached, or what is wrong is told, as the daemon would", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  const head = await repository.commit("Begin");
  await using server = await GitServer.start(dir.path, { username: "device", token: TOKEN });
  const asked = async (...lines: string[]) =>
    await told(
      connectivity,
      await situation({
        dir: dir.path,
        config: repo(`url = "${server.url("fleet")}"`, 'username = "device"', ...lines),
      }),
    );
  assert.match(await asked(`token = "${TOKEN}"`), new RegExp(`^ok: main is at ${head.slice(0, 7)}, told in \\d+ ms$`));
  assert.match(await asked(), /^problem: .*(credentials|token)/i);
  assert.match(await asked(`token = "${TOKEN}"`, 'branch = "prod"'), /^problem: .*"prod"/);
  const away = await situation({ dir: dir.path, config: repo('url = "http://127.0.0.1:9/fleet"') });
  assert.match(await told(connectivity, away), /^problem: Cannot reach "http:\/\/127.0.0.1:9\/fleet"/);
  // A look writes nothing: not even where a fetch would.
  assert.equal(await Deno.stat(join(dir.path, "data")).catch(() => null), null);
});

await testNeeding(
  ["git"],
  "whether a token may push is learnt from the first half of a push, which changes nothing",
  async () => {
    await using dir = await tempDir();
    const repository = await GitRepository.create(join(dir.path, "fleet"));
    await repository.commit("Begin");
    await using server = await GitServer.start(dir.path, { username: "device", token: TOKEN });
    const here = await situation({
      dir: dir.path,
      config: repo(`url = "${server.url("fleet")}"`, 'username = "device"', `token = "${TOKEN}"`),
    });
    assert.equal(await told(token, here), "ok: may not push");
    await repository.git("config", "http.receivepack", "true");
    const may = "warning: it may push to the repository, and reading is enough";
    assert.equal(await told(token, here), may);
    // GitLab has ".git" at the end of a name; another server learns nothing of the token.
    await Deno.rename(join(dir.path, "fleet"), join(dir.path, "fleet.git"));
    server.fault = { type: "redirect", from: "/fleet/", to: "/fleet.git/" };
    assert.equal(await told(token, here), may);
    await using elsewhere = await GitServer.start(dir.path);
    server.fault = { type: "redirect", from: "/fleet/", to: `${elsewhere.url("fleet.git")}/` };
    assert.equal(await told(token, here), "ok: the server does not tell what it may do");
    assert.deepEqual(elsewhere.requests, []);
    assert.deepEqual([...new Set(server.requests.map(({ method }) => method))], ["GET"]);
  },
);

/** Answers one GET as a forge's documentation has it, 403 to a push, and 400 to whatever else is asked. */
function forge(path: string, headers: Record<string, RegExp>, answer: () => Response) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const url = new URL(request.url);
    if (request.method !== "GET") return new Response("only GET", { status: 400 });
    if (url.pathname.endsWith("/info/refs")) return new Response("no", { status: 403 });
    if (url.pathname !== path || url.search !== "") return new Response("no such route", { status: 400 });
    for (const [name, wanted] of Object.entries(headers)) {
      if (!wanted.test(request.headers.get(name) ?? "")) return new Response("Bad credentials", { status: 401 });
    }
    return answer();
  });
  const origin = `http://127.0.0.1:${(server.addr as Deno.NetAddr).port}`;
  return { origin, [Symbol.asyncDispose]: () => server.shutdown() };
}

const status = (name: string, api: string) =>
  `[commit_status]\nforge = "${name}"\napi_url = "${api}"\ntoken = "another-token"\n`;

Deno.test("GitHub tells the scopes of a classic token, and when any token ends", async () => {
  await using dir = await tempDir();
  let headers: Record<string, string> = { "x-oauth-scopes": "repo, read:org" };
  const wanted = {
    authorization: new RegExp(`^Bearer ${TOKEN}$`),
    accept: /^application\/vnd\.github\+json$/,
    "x-github-api-version": /^2022-11-28$/,
    "user-agent": /./,
  };
  await using server = forge("/rate_limit", wanted, () => Response.json({ resources: {} }, { headers }));
  const config = repo(`url = "${server.origin}/me/fleet"`, `token = "${TOKEN}"`) + status("github", server.origin);
  const here = await situation({
    dir: dir.path,
    config,
    clock: { ...(await situation()).clock, now: () => Date.UTC(2026, 10, 21) },
  });
  assert.equal(await told(token, here), "warning: it may do more than read: repo");
  // A fine-grained one has none.
  headers = { "github-authentication-token-expiration": "2026-11-25 01:00:00 +0200" };
  assert.equal(await told(token, here), "warning: it expires in 3 days");
  headers = {};
  assert.equal(await told(token, here), "ok: may not push");
});

Deno.test("GitLab tells the scopes of a token, and of a deploy token nothing", async () => {
  await using dir = await tempDir();
  let answer: () => Response = () => Response.json({ scopes: ["read_repository"], expires_at: "2026-12-31" });
  const path = "/api/v4/personal_access_tokens/self";
  await using server = forge(path, { "private-token": new RegExp(`^${TOKEN}$`) }, () => answer());
  const config = repo(`url = "${server.origin}/me/fleet"`, `token = "${TOKEN}"`) +
    status("gitlab", `${server.origin}/api/v4`);
  const here = await situation({
    dir: dir.path,
    config,
    clock: { ...(await situation()).clock, now: () => Date.UTC(2026, 10, 21) },
  });
  assert.equal(await told(token, here), "ok: may not push (read_repository)");
  answer = () => Response.json({ scopes: ["api", "read_user"], expires_at: "2026-11-20" });
  assert.equal(await told(token, here), "problem: it has expired\nwarning: it may do more than read: api");
  answer = () => new Response('{"message":"401 Unauthorized"}', { status: 401 });
  assert.equal(await told(token, here), "ok: may not push");
  answer = () => new Response("<html>", { status: 200 });
  assert.equal(await told(token, here), "ok: may not push");
});

Deno.test("a clock that is off is told by the Date of the server, whatever else that answers", async () => {
  await using dir = await tempDir();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("no", { status: 401 }),
  );
  const config = repo(`url = "http://127.0.0.1:${(server.addr as Deno.NetAddr).port}/fleet"`);
  const here = await situation({ dir: dir.path, config });
  const at = (ms: number) => ({ ...here, clock: { ...here.clock, now: () => Date.now() + ms } });
  assert.match(await told(clock, at(3600_000)), /^problem: it is 60 min ahead of the repository's server$/);
  assert.match(await told(clock, at(-240_000)), /^warning: it is 4 min behind the repository's server$/);
  assert.match(await told(clock, at(0)), /^(ok: .*as the repository's server has it|warning: no time server)/);
  await server.shutdown();
});

await testNeeding(["git", "sshd"], "ssh's key and known hosts are looked at as ssh would", async () => {
  await using dir = await tempDir();
  await Deno.chmod(dir.path, 0o700);
  await using server = await SshServer.start(dir.path);
  const { keyFile, knownHostsFile } = server;
  const lines = [
    `url = "${server.url("/fleet")}"`,
    `ssh_key_file = "${keyFile}"`,
    `known_hosts_file = "${knownHostsFile}"`,
  ];
  const here = await situation({ dir: dir.path, config: repo(...lines) });
  const name = `[127.0.0.1]:${server.port}`;
  assert.equal(await told(sshFiles, here), `ok: a host key of "${name}" is known, and the key is its owner's alone`);

  // Names may be hashed.
  await new Deno.Command("ssh-keygen", { args: ["-H", "-f", knownHostsFile], stdin: "null" }).output();
  assert.doesNotMatch(await Deno.readTextFile(knownHostsFile), /127\.0\.0\.1/);
  assert.match(await told(sshFiles, here), /^ok: /);

  await Deno.chmod(keyFile, 0o644);
  await Deno.writeTextFile(knownHostsFile, "");
  assert.equal(
    await told(sshFiles, here),
    `problem: others may read the key "${keyFile}"\nproblem: no host key of "${name}" is known here`,
  );
  await Deno.chmod(keyFile, 0o600);
  const args = ["-p", "-P", "", "-N", "passphrase", "-f", keyFile];
  await new Deno.Command("ssh-keygen", { args, stdin: "null" }).output();
  assert.match(await told(sshFiles, here), /^problem: the key ".*" has a passphrase/);
});

Deno.test("the system's authorities are counted by the clock; a ca_file that holds none is told", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(join(dir.path, "ca.pem"), "no certificate\n");
  const url = 'url = "https://git.example.org/fleet"';
  const here = await situation({ dir: dir.path, config: repo(url) });
  assert.match(await told(certificates, here), /^ok: \d+ authorities in \//);
  const past = { ...here, clock: { ...here.clock, now: () => 0 } };
  assert.match(await told(certificates, past), /^problem: most authorities are not valid yet/);
  const own = await situation({ dir: dir.path, config: repo(url, 'ca_file = "ca.pem"') });
  assert.equal(await told(certificates, own), `problem: ca_file "${join(dir.path, "ca.pem")}" holds no certificate`);
  const none = { ...here, root: dir.path, env: {} };
  assert.match(await told(certificates, none), /^problem: this device knows no certificate authority$/);

  // Whom the daemon believes is told by its environment.
  for (
    const [store, wanted] of [["mozilla,system", /^ok: /], ["mozilla", /^warning: the daemon does not use /]] as const
  ) {
    const child = new Deno.Command("sleep", { args: ["60"], env: { DENO_TLS_CA_STORE: store } }).spawn();
    const snapshot = { ...healthySnapshot(), daemon: { ...healthySnapshot().daemon, pid: child.pid } };
    assert.match(await told(certificates, { ...here, snapshot }), wanted);
    child.kill();
    await child.status;
  }
});

Deno.test("a page's port that a stranger has is told with the stranger's name", async () => {
  await using dir = await tempDir();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const here = await situation({ dir: dir.path, config: `listen_port = ${port}\n${repo('url = "/srv/fleet"')}` });
  assert.match(await told(ports, here), new RegExp(`^problem: port ${port}/tcp is taken by `, "m"));
  // Of a daemon that may not be asked it is not known that it is a stranger's.
  const denied = { ...here, silence: { message: "", hint: "", denied: true } };
  assert.doesNotMatch(await told(ports, denied), /taken by/);
});
