import assert from "node:assert/strict";
import { ReceiveBudget } from "../../../src/source/remote/receive_budget.ts";
import { systemClock } from "../../../src/clock.ts";
import { collect } from "../../../src/source/remote/remote_head.ts";
import { HttpTransport } from "../../../src/source/remote/http_transport.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { type Fleet, fleet, FOREVER } from "../fleet.ts";

async function advertisement(on: Fleet): Promise<string> {
  const transport = new HttpTransport({
    url: on.server.url("fleet"),
    credentials: null,
    caCerts: null,
    proxy: null,
    silenceMs: 200,
    budget: new ReceiveBudget(1e6),
    clock: systemClock,
    signal: FOREVER,
  });
  try {
    return new TextDecoder().decode(await collect(transport.greet(0)));
  } finally {
    await transport.close();
  }
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
