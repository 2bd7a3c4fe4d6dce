/**
 * A push and all who hear of it: git over HTTP, a forge that takes commit statuses, a receiver of messages, a CI that
 * waits for the result, and a daemon that is killed with something left to say.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { authenticate } from "../../src/http/webhook/authenticate.ts";
import { FORGES } from "../http/webhook/forge_deliveries.ts";
import { FORGE_TOKEN, ForgeServer } from "../notify/forge_server.ts";
import { type Asked, Receiver } from "../notify/receiver.ts";
import { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { GitServer } from "../support/git_server.ts";
import { HeldAnswers } from "../support/delayed_responses.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { shell, SOON } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";

const HOOK_SECRET = "what the forge knows";
const SIGNING_SECRET = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHQ=";
const URL_SECRET = "t0psecretpath";
const good = (version: number) => `${shell(`echo ${version}; exec sleep 3600`)}${SOON}`;
/** Long enough under way for everybody to hear of it. */
const FIRST = `${shell("exec sleep 3600")}restart = { reset_after = "2s" }\n`;
const BROKEN = `${shell("exit 3")}restart = { reset_after = "1m", delay = "10ms", max_delay = "20ms" }\n`;

await testNeeding(
  ["git"],
  "a push is told to the forge and to whom the owner named: pending, then how it ended, once, over a kill of the daemon",
  async () => {
    await using dir = await tempDir();
    await using server = await GitServer.start(dir.path);
    await using proxy = new HeldAnswers(server.origin);
    await using forge = new ForgeServer("gitlab");
    const held: PromiseWithResolvers<Response>[] = [];
    let isUp = true;
    await using receiver = new Receiver(() => {
      if (isUp) return new Response();
      held.push(Promise.withResolvers());
      return held.at(-1)!.promise;
    });
    const repository = await GitRepository.create(join(dir.path, "fleet"));
    await repository.write("services/web.toml", FIRST);
    const first = await repository.commit("Begin");
    await using device = await TestDevice.start({
      root: dir.path,
      repository: `${proxy.origin}/fleet`,
      // Only a webhook can be why anything new is looked at.
      repo: ['interval = "1h"'],
      extra: [
        "[runtime]",
        "docker_enabled = false",
        "[webhook]",
        `secret = "${HOOK_SECRET}"`,
        "[commit_status]",
        'forge = "gitlab"',
        `api_url = "${forge.origin}/api/v4"`,
        `token = "${FORGE_TOKEN}"`,
        "[[notify]]",
        'type = "webhook"',
        `url = "${receiver.origin}/${URL_SECRET}"`,
        `secret = "${SIGNING_SECRET}"`,
        "allow_local = true",
      ],
    });
    const statusOf = (revision: string) =>
      forge.taken.filter((takenStatus) => takenStatus.revision === revision).map((takenStatus) => takenStatus.state)
        .join(" ");
    // What fails within a moment, or succeeds so, may be over before anybody was told that it began.
    const hasEnded = (revision: string, state: string) => {
      const told = statusOf(revision);
      return new RegExp(`^(pending )?${state}$`).test(told) ? true : Promise.reject(new Error(`told: "${told}"`));
    };
    const messages = () => receiver.asked.map(({ body }) => JSON.parse(body));
    const messageOf = (event: string) =>
      messages().find((one) => one.type === event)?.data.message as string | undefined;

    await eventually("the first revision is a success", () => hasEnded(first, "success"));
    await eventually("it was said", () => messageOf("revision_applied")?.includes(first.slice(0, 7)));
    assert.deepEqual([forge.taken[0]?.context, forge.taken[0]?.state], ["harbornode/test-device", "pending"]);
    const { code, out } = await device.cli("notify", "test");
    assert.deepEqual([code, out.trim()], [0, "webhook: told"]);

    await repository.write("services/web.toml", BROKEN);
    const broken = await repository.commit("Break it");
    const result = await hook(device, "?wait=1", { id: "delivery-2" });
    const { ok, revision, message } = JSON.parse((await result.text()).trim().split("\n").at(-1)!);
    assert.deepEqual([ok, revision], [false, broken], message);
    await eventually("the second revision is a failure", () => hasEnded(broken, "failed"));
    const { description } = forge.taken.at(-1)!;
    assert.match(description, new RegExp(`^web: rolled back: .*exit code 3.*; running ${first.slice(0, 7)}$`));
    await eventually("the way back was said", () => messageOf("rolled_back")?.startsWith("web was rolled back"));
    assert.equal((await device.workload("web"))?.phase, "rolled-back");

    // A push that lands while the one before is being fetched is seen by another look.
    proxy.hold = "command=fetch";
    await repository.write("services/web.toml", good(2));
    const overtaken = await repository.commit("Soon overtaken");
    await (await hook(device)).body?.cancel();
    await eventually("the push is being fetched", () => proxy.held > 0);
    await repository.write("services/web.toml", good(3));
    const mended = await repository.commit("Mend it");
    assert.match(await (await hook(device)).text(), /the repository is looked at now/);
    proxy.release();
    await eventually("the push that came meanwhile is a success", () => hasEnded(mended, "success"));
    assert.match(statusOf(overtaken), /^(|pending canceled|pending success)$/);

    // A look for each of a hundred deliveries would be hundreds of requests; that the last push is seen needs one.
    const before = server.requests.length;
    await repository.write("services/web.toml", good(4));
    const burst = Array.from({ length: 50 }, () => hook(device));
    const third = await repository.commit("Once more");
    burst.push(...Array.from({ length: 50 }, () => hook(device)));
    isUp = false;
    for (const answer of await Promise.all(burst)) await answer.body?.cancel();
    await eventually("the last push is a success", () => hasEnded(third, "success"));
    assert.ok(server.requests.length - before < 60, `${server.requests.length - before} requests`);

    await eventually(
      "a message is under way, and gets no answer",
      async () =>
        held.length === 1 && (await device.status())?.notifications.some((notification) => notification.waiting === 1),
    );
    await eventually(
      "the deliveries are on disk",
      async () =>
        (await Deno.readTextFile(join(device.dataDir, "state/deliveries.json")).catch(() => "")).includes("delivery-2"),
    );
    await device.killDaemon();
    for (const { resolve } of held) resolve(new Response());
    const tried = receiver.asked.length;
    isUp = true;
    await device.startDaemon();
    const told = await eventually("what was left to say is said", () => receiver.asked[tried]);
    assert.match(
      JSON.parse(told.body).data.message,
      new RegExp(`revision ${third.slice(0, 7)} "Once more" is applied`),
    );
    const again = await hook(device, "", { id: "delivery-2" });
    assert.deepEqual([again.status, (await again.json()).message], [200, "it was delivered before"]);
    await eventually(
      "nothing waits any more",
      async () =>
        (await device.status())?.notifications.every((notification) =>
          notification.waiting === 0 && notification.error === null
        ),
    );
    assert.equal(receiver.asked.length, tried + 1, "it is said once");
    assert.equal(told.headers.get("webhook-id"), receiver.asked[tried - 1]?.headers.get("webhook-id"));
    for (const [revision, state] of [[first, "success"], [broken, "failed"], [third, "success"]] as const) {
      assert.match(statusOf(revision), new RegExp(`^(pending )?${state}$`), "nothing is told twice");
    }
    assert.deepEqual(forge.complaints, []);
    assert.deepEqual(receiver.asked.filter((asked) => !isSigned(asked)), []);

    const written = await Promise.all(
      ["notify", "deliveries", "source"].map((name) => Deno.readTextFile(join(device.dataDir, `state/${name}.json`))),
    );
    const shown = [...written, device.log, JSON.stringify(await device.status())].join();
    for (const secret of [FORGE_TOKEN, HOOK_SECRET, SIGNING_SECRET, URL_SECRET]) {
      assert.ok(!shown.includes(secret), secret);
    }
  },
);

function isSigned({ headers, body }: Asked): boolean {
  const header = (name: string) => headers.get(name) ?? undefined;
  const claim = { header, body: new TextEncoder().encode(body), secrets: [SIGNING_SECRET], now: Date.now() };
  return authenticate(claim).ok;
}

/** As Gitea sends it. */
async function hook(device: TestDevice, query = "", { id = crypto.randomUUID() as string } = {}): Promise<Response> {
  const { headers, body } = FORGES.gitea!({ secret: HOOK_SECRET, id });
  return await fetch(`http://127.0.0.1:${device.port}/webhook${query}`, { method: "POST", headers, body });
}
