/** git over ssh, with a real server on loopback. */
import assert from "node:assert/strict";
import { ReceiveBudget } from "../../../src/source/remote/receive_budget.ts";
import { parseRef } from "../../../src/model/git_ref.ts";
import { type SshLocation } from "../../../src/source/repository_location.ts";
import { sshFailure } from "../../../src/source/remote/ssh_failure.ts";
import { sshArgs } from "../../../src/source/remote/ssh_transport.ts";
import { parseLocation } from "../../../src/source/repository_location.ts";
import { systemClock } from "../../../src/clock.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { keygen, SshServer } from "../../support/ssh_server.ts";
import { type Changes, fleet, FOREVER, sync, textOf } from "../fleet.ts";

/** A fleet that is served over ssh as well. */
async function sshFleet() {
  const on = await fleet();
  const ssh = await SshServer.start(`${on.dir}/ssh`);
  const url = ssh.url(`${on.dir}/served/fleet`);
  const keys = { sshKeyFile: ssh.keyFile, knownHostsFile: ssh.knownHostsFile };
  return {
    ...on,
    ssh,
    url,
    over: (changes: Changes = {}) => on.source({ url, ...keys, ...changes }),
    async [Symbol.asyncDispose]() {
      await ssh[Symbol.asyncDispose]();
      await on[Symbol.asyncDispose]();
    },
  };
}

await testNeeding(["git", "sshd"], "a deploy key opens a repository over ssh: look, fetch, tags, history", async () => {
  await using on = await sshFleet();
  const source = on.over();
  assert.equal(source.url, `ssh://127.0.0.1:${on.ssh.port}${on.dir}/served/fleet`);
  const revision = await sync(source);
  assert.equal(revision.id, on.first);
  assert.equal(await textOf(revision, "services/hello/run.sh"), "#!/bin/sh\n");
  await on.repository.git("tag", "--annotate", "--message", "release", "v1", on.first);
  const second = await on.repository.commit("more");
  assert.equal((await sync(on.over({ ref: parseRef("v1") }))).id, on.first);
  const descends: boolean[] = [];
  const admitting = on.source({ url: on.url, sshKeyFile: on.ssh.keyFile, knownHostsFile: on.ssh.knownHostsFile }, {
    admit: async (_, { isAncestor }) => void descends.push(await isAncestor(on.first)),
  });
  assert.equal((await sync(admitting)).id, second);
  assert.deepEqual(descends, [true]);
});

await testNeeding(["git", "sshd"], "a server that does not let version 2 through answers in version 0", async () => {
  await using on = await fleet();
  await using plain = await SshServer.start(`${on.dir}/plain`, { acceptsVersion2: false });
  const changes = { sshKeyFile: plain.keyFile, knownHostsFile: plain.knownHostsFile };
  const source = on.source({ url: plain.url(`${on.dir}/served/fleet`), ...changes });
  assert.equal((await sync(source)).id, on.first);
  await assert.rejects(
    on.source({ url: plain.url(`${on.dir}/served/fleet`), ...changes, branch: "gone" }).head(FOREVER),
    {
      reason: "branch_not_found",
    },
  );
});

await testNeeding(["git", "sshd"], "what is wrong with a key, a host or a path over ssh is said", async () => {
  await using on = await sshFleet();
  await keygen(`${on.dir}/stranger`);
  await Deno.writeTextFile(`${on.dir}/nobody`, "");
  const other = (await Deno.readTextFile(`${on.dir}/stranger.pub`)).split(" ").slice(0, 2).join(" ");
  await Deno.writeTextFile(`${on.dir}/changed`, `[127.0.0.1]:${on.ssh.port} ${other}\n`);
  await Deno.copyFile(on.ssh.keyFile, `${on.dir}/open`);
  await Deno.chmod(`${on.dir}/open`, 0o644);
  const gone = on.ssh.url(`${on.dir}/served/gone`);
  const cases: [Changes, string, string, RegExp][] = [
    [{ sshKeyFile: `${on.dir}/stranger` }, "refused", "auth_failed", /refused the key$/],
    [{ sshKeyFile: `${on.dir}/open` }, "refused", "auth_failed", /can be read by others/],
    [{ knownHostsFile: `${on.dir}/nobody` }, "refused", "host_unverified", /host key of ".*" is not known/],
    [
      { knownHostsFile: `${on.dir}/changed` },
      "refused",
      "host_unverified",
      /another host key than the one that is known/,
    ],
    [{ url: gone }, "mistake", "repo_not_found", /There is no repository at ".*gone"$/],
    [{ url: gone.replace(/:\d+/, ":1") }, "transient", "repo_unreachable", /Cannot reach .*[Cc]onnection refused/],
  ];
  for (const [changes, kind, reason, message] of cases) {
    await assert.rejects(on.over(changes).head(FOREVER), { name: "Failure", kind, reason, message });
    await assert.rejects(on.over(changes).fetch(on.first, () => {}, FOREVER), {
      name: "Failure",
      kind,
      reason,
      message,
    });
  }
});

Deno.test("ssh is told to ask nobody, to use no settings and no agent, and the host comes after --", () => {
  const location = parseLocation("ssh://git@host:2222/it's.git") as SshLocation;
  const options = { keyFile: "/a 100%/key", knownHostsFile: "/a 100%/hosts", silenceMs: 30_000 };
  const rest = { budget: new ReceiveBudget(1), clock: systemClock, signal: FOREVER };
  const words = sshArgs({ location, ...options, ...rest });
  assert.deepEqual(words.slice(-3), ["--", "host", `git-upload-pack '/it'\\''s.git'`]);
  assert.equal(words[words.indexOf("-F") + 1], "/dev/null");
  assert.equal(words[words.indexOf("-i") + 1], "/a 100%%/key");
  for (
    const option of [
      "BatchMode=yes",
      "StrictHostKeyChecking=yes",
      "IdentitiesOnly=yes",
      "IdentityAgent=none",
      'UserKnownHostsFile="/a 100%%/hosts"',
      "ConnectTimeout=30",
    ]
  ) assert.ok(words.includes(option), option);
});

Deno.test("what ssh says is told without its control characters, and what is not known as it is", () => {
  const failure = sshFailure("ssh://h/x", "ssh: Could not resolve hostname h: Name or service not known\r\n");
  assert.equal(failure.message, 'Cannot reach "ssh://h/x": Could not resolve hostname h: Name or service not known');
  assert.equal(failure.reason, "repo_unreachable");
  assert.equal(sshFailure("ssh://h/x", "odd \x1b[31m").message.includes("\x1b"), false);
  assert.match(sshFailure("ssh://h/x", "").message, /the connection broke off/);
});
