/** git over TLS as forges serve it: nginx in front, an authority of its own, basic auth, redirects, a proxy. */
import assert from "node:assert/strict";
import { HttpsFront } from "../../support/https_front.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { freePort } from "../../support/demo_daemon.ts";
import { fleet, FOREVER, sync, textOf, TOKEN } from "../fleet.ts";

await testNeeding(
  ["git", "nginx"],
  "a private authority, a user and a password open a repository behind nginx",
  async () => {
    await using on = await fleet();
    await using front = await HttpsFront.start(`${on.dir}/nginx`, { behind: on.server.origin, login: "ada:s3cret" });
    const known = { caFile: front.caFile, username: "ada", token: "s3cret" };

    const revision = await sync(on.source({ url: front.url("fleet"), ...known }));
    assert.equal(await textOf(revision, "services/hello/run.sh"), "#!/bin/sh\n");
    await Deno.remove(on.gitDir, { recursive: true });
    assert.equal((await sync(on.source({ url: front.url("renamed"), ...known }))).id, on.first, "renamed on its host");

    const cases = [
      {
        changes: { ...known, caFile: null },
        reason: "repo_unreachable",
        message: /Cannot talk to .* securely: .*UnknownIssuer/,
      },
      { changes: { ...known, token: "wrong" }, reason: "auth_failed", message: /refused the credentials \(401\)/ },
      { changes: { ...known, token: null }, reason: "auth_failed", message: /asks for credentials \(401\)/ },
      {
        changes: { ...known, caFile: "/nowhere/ca.pem" },
        reason: "repo_unreachable",
        message: /"\/nowhere\/ca.pem" is not there/,
      },
      {
        changes: { ...known, caFile: `${front.dir}/users` },
        reason: "repo_unreachable",
        message: /securely|cannot be used/,
      },
    ] as const;
    for (const { changes, reason, message } of cases) {
      const source = on.source({ url: front.url("fleet"), ...changes });
      for (const work of [() => source.head(FOREVER), () => source.fetch("0".repeat(40), () => {}, FOREVER)]) {
        await assert.rejects(work, { name: "Failure", reason, message }, Deno.inspect(changes));
      }
    }
    const before = (await front.seen()).length;
    await assert.rejects(on.source({ url: front.url("elsewhere/fleet"), ...known }).head(FOREVER), {
      message: /redirects to another host, "localhost:\d+"/,
    });
    assert.equal((await front.seen()).slice(before).trim().split("\n").length, 1, "the other host was not asked");
  },
);

await testNeeding(
  ["git", "nginx"],
  "a certificate that has expired is said to be, with the clock as the hint",
  async () => {
    await using on = await fleet();
    await using front = await HttpsFront.start(`${on.dir}/nginx`, { behind: on.server.origin, isExpired: true });
    const source = on.source({ url: front.url("fleet"), caFile: front.caFile, token: TOKEN });
    for (const work of [() => source.head(FOREVER), () => source.fetch(on.first, () => {}, FOREVER)]) {
      await assert.rejects(work, {
        kind: "transient",
        reason: "repo_unreachable",
        message: /Cannot talk to .* securely: .*[Ee]xpired/,
        hint: /check the clock of this device/,
      });
    }
    assert.deepEqual(on.server.requests, [], "no token was sent");
  },
);

await testNeeding(
  ["git"],
  "a proxy of the repository's own is gone through, and one that is not there is said",
  async () => {
    await using on = await fleet();
    const asked: string[] = [];
    const proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
      asked.push(request.url);
      const body = request.body === null ? {} : { body: await request.arrayBuffer() };
      return await fetch(request.url, { method: request.method, headers: request.headers, ...body });
    });
    try {
      const through = `http://127.0.0.1:${proxy.addr.port}`;
      assert.equal((await sync(on.source({ proxy: through }))).id, on.first);
      assert.ok(asked.length >= 3 && asked.every((url) => url.startsWith(on.server.origin)), asked.join());
      const source = on.source({ proxy: `http://127.0.0.1:${await freePort()}` });
      await assert.rejects(source.head(FOREVER), { reason: "repo_unreachable", message: /Cannot reach ".*fleet"/ });
    } finally {
      await proxy.shutdown();
    }
  },
);
