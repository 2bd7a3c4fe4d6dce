import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import { GitHttp } from "../../src/source/git_http.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { type Fleet, fleet, FOREVER } from "./fleet.ts";

function impatient(on: Fleet): GitHttp {
  const url = on.server.url("fleet");
  return new GitHttp({ url, token: null, silenceMs: 200, budgetBytes: 1e6, clock: systemClock, signal: FOREVER });
}

async function advertisement(on: Fleet): Promise<string> {
  const { body } = await impatient(on).request({ url: `${on.server.url("fleet")}/info/refs?service=git-upload-pack` });
  let text = "";
  for await (const chunk of body ?? []) text += new TextDecoder().decode(chunk);
  return text;
}

await testNeeding(["git"], "a server that never answers is given up after the longest silence", async () => {
  await using on = await fleet();
  on.server.fault = { type: "hang" };
  await assert.rejects(advertisement(on), { reason: "repo_unreachable", message: /did not answer within 0.2 s$/ });
});

await testNeeding(["git"], "a server that stops in mid-answer is given up after the longest silence", async () => {
  await using on = await fleet();
  on.server.fault = { type: "stall", afterBytes: 30 };
  await assert.rejects(advertisement(on), { reason: "repo_unreachable", message: /stopped sending for 0.2 s$/ });
});

await testNeeding(["git"], "an answer without git's last packet is not taken for whole", async () => {
  await using on = await fleet();
  assert.match(await advertisement(on), /refs\/heads\/main\n0000$/);
  on.server.fault = { type: "shorten", bytes: 4 };
  await assert.rejects(advertisement(on), { reason: "repo_invalid", message: /ended before it was whole$/ });
});

await testNeeding(["git"], "an answer cut short is never taken for a repository without branches", async () => {
  await using on = await fleet();
  for (const ignoresVersion2 of [false, true]) {
    on.server.ignoresVersion2 = ignoresVersion2;
    for (const bytes of [4, 8, 60, 120]) {
      on.server.fault = { type: "shorten", bytes };
      await assert.rejects(on.source().head(FOREVER), { reason: "repo_invalid", kind: "transient" });
    }
  }
});
