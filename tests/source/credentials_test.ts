import assert from "node:assert/strict";
import { configureLog } from "../../src/log.ts";
import { GitServer } from "../support/git_server.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { everythingBelow, fleet, FOREVER, sync, TOKEN } from "./fleet.ts";

/** The token in every form that it has on a wire, in a URL or in a file. */
const FORMS = [TOKEN, encodeURIComponent(TOKEN), btoa(`git:${TOKEN}`), btoa(TOKEN)];

function assertClean(text: string): void {
  for (const form of FORMS) assert.ok(!text.includes(form), `the token is in: ${text.slice(0, 500)}`);
}

await testNeeding(["git"], "a token opens the repository and is stored nowhere", async () => {
  await using on = await fleet({ token: TOKEN });
  const said: string[] = [];
  const source = on.source({ token: TOKEN });
  await source.fetch(await source.head(FOREVER), (message) => said.push(message), FOREVER);
  assertClean(await everythingBelow(`${on.dir}/data`) + said.join() + source.url + JSON.stringify(source));
});

await testNeeding(["git"], "credentials in the URL work, and are shown and stored nowhere", async () => {
  await using on = await fleet({ token: TOKEN });
  const url = on.server.url("fleet").replace("://", `://git:${encodeURIComponent(TOKEN)}@`) + "?private_token=abcd";
  const source = on.source({ url });
  assert.equal((await sync(source)).id, on.first);
  assert.equal(source.url, on.server.url("fleet"));
  assertClean(await everythingBelow(`${on.dir}/data`));
});

await testNeeding(
  ["git"],
  "a refused token is a slow retry with a hint, asked once, and not in the error",
  async () => {
    await using on = await fleet({ token: "another" });
    const lines: string[] = [];
    await configureLog({ level: "debug", format: "text" }, (line) => lines.push(line));
    const source = on.source({ token: TOKEN });
    for (const work of [() => source.head(FOREVER), () => source.fetch(on.first, () => {}, FOREVER)]) {
      const failure = await work().then(() => assert.fail("it was let in"), (error) => error);
      assert.equal(failure.reason, "auth_failed");
      assert.equal(failure.kind, "refused");
      assert.equal(failure.message, `The server of "${on.server.url("fleet")}" refused the credentials (401)`);
      assertClean(Deno.inspect(failure, { depth: 20 }) + failure.stack);
    }
    assertClean(lines.join("\n") + await everythingBelow(on.dir));
    const tried = on.server.requests.filter((request) => request.authorization !== null);
    assert.equal(tried.length, 2, "once by each");
  },
);

await testNeeding(["git"], "no token where one is needed says so", async () => {
  await using on = await fleet({ token: TOKEN });
  const wanted = { reason: "auth_failed", kind: "refused", message: /asks for credentials/, hint: /token_file/ };
  await assert.rejects(on.source().head(FOREVER), wanted);
  await assert.rejects(on.source().fetch(on.first, () => {}, FOREVER), wanted);
});

await testNeeding(["git"], "no error of any fault holds the token", async () => {
  await using on = await fleet({ token: TOKEN });
  for (
    const fault of [
      { type: "status", status: 500, body: TOKEN },
      { type: "status", status: 404, body: TOKEN },
      { type: "redirect", to: `http://git:${encodeURIComponent(TOKEN)}@127.0.0.1:1` },
      { type: "cut", afterBytes: 10 },
      { type: "page" },
    ] as const
  ) {
    on.server.fault = fault;
    const failure = await on.source({ token: TOKEN }).head(FOREVER).then(
      () => assert.fail("no error"),
      (error) => error,
    );
    assertClean(Deno.inspect(failure, { depth: 20 }) + failure.hint);
  }
});

for (const at of ["refs", "pack"] as const) {
  await testNeeding(["git"], `credentials do not follow a redirect to another host (${at})`, async () => {
    await using on = await fleet({ token: TOKEN });
    await using other = await GitServer.start(`${on.dir}/served`, { token: TOKEN });
    on.server.fault = { type: "redirect", at, to: other.origin };
    const source = on.source({ token: TOKEN });
    const look = at === "refs" ? source.head(FOREVER) : source.fetch(on.first, () => {}, FOREVER);
    await assert.rejects(look, {
      name: "Failure",
      kind: "mistake",
      message: `The server of "${on.server.url("fleet")}" redirects to another host, "${new URL(other.origin).host}"`,
    });
    await assert.rejects(source.fetch(on.first, () => {}, FOREVER), /redirects to another host/);
    assert.deepEqual(other.requests, []);
  });
}

for (const status of [301, 302, 307, 308]) {
  await testNeeding(
    ["git"],
    `a repository renamed on its host is followed with its credentials (${status})`,
    async () => {
      await using on = await fleet({ token: TOKEN });
      await using front = await GitServer.start(`${on.dir}/served`, { token: TOKEN });
      front.fault = { type: "redirect", from: "/old-name", to: "/fleet", status };
      const source = on.source({ url: front.url("old-name"), token: TOKEN });
      assert.equal((await sync(source)).id, on.first);
    },
  );
}

await testNeeding(["git"], "redirects in a circle have an end", async () => {
  await using on = await fleet();
  on.server.fault = { type: "redirect", to: "" };
  await assert.rejects(on.source().head(FOREVER), { reason: "repo_invalid", message: /redirected more than 5 times/ });
});

await testNeeding(["git"], "a redirect to a sign-in page is not taken for a repository", async () => {
  await using on = await fleet();
  on.server.fault = { type: "redirect", from: "/fleet/git-upload-pack", to: "/users/sign_in" };
  await assert.rejects(on.source().head(FOREVER), { reason: "repo_invalid", message: /it redirects to ".*"/ });
});
