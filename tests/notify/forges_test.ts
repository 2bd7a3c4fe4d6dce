/** Commit statuses over real HTTP, to servers that refuse what a forge's documentation does not allow. */
import assert from "node:assert/strict";
import { send } from "../../src/notify/send_once.ts";
import { statusRequest } from "../../src/notify/commit_status_request.ts";
import type { CommitStatusSettings, Forge } from "../../src/settings/settings.ts";
import { FORGE_TOKEN, ForgeServer } from "./forge_server.ts";

const REVISION = "bffeb74224043ba2feb48d137756c8a9331c449a";
/** Where the server has the repository, its API, and its name for the four states. */
const FORGES: Record<Forge, { repository: string; named: string; api?: string; states: string[] }> = {
  "github": {
    repository: "/home/fleet.git",
    named: "home/fleet",
    api: "/",
    states: ["pending", "success", "failure", "error"],
  },
  "gitlab": {
    repository: "/group/sub group/fleet.git",
    named: "group/sub group/fleet",
    states: ["pending", "success", "failed", "canceled"],
  },
  "gitea": { repository: "/home/fleet", named: "home/fleet", states: ["pending", "success", "failure", "error"] },
  "forgejo": { repository: "/home/fleet.git", named: "home/fleet", states: ["pending", "success", "failure", "error"] },
  "bitbucket": {
    repository: "/home/fleet.git",
    named: "home/fleet",
    api: "/2.0",
    states: ["INPROGRESS", "SUCCESSFUL", "FAILED", "STOPPED"],
  },
  "bitbucket-server": {
    repository: "/scm/HOME/fleet.git",
    named: "HOME/repos/fleet",
    states: ["INPROGRESS", "SUCCESSFUL", "FAILED", "CANCELLED"],
  },
};

for (const [name, { repository, named, api, states }] of Object.entries(FORGES)) {
  Deno.test(`a commit status of each state is what ${name} wants, however often it is sent`, async () => {
    await using server = new ForgeServer(name as Forge);
    const settings: CommitStatusSettings = {
      forge: name as Forge,
      repositoryUrl: server.origin + repository,
      apiUrl: api === undefined ? null : server.origin + api,
      token: FORGE_TOKEN,
      context: "harbornode/a device of some friend, in the kitchen",
      targetUrl: null,
    };
    const say = (own: CommitStatusSettings, state: "pending" | "success" | "failure" | "superseded") => {
      const description = `door: ${"ö".repeat(300)}`;
      const request = statusRequest(own, { revision: REVISION, state, description });
      return send(request, { signal: AbortSignal.timeout(30_000), allowLocal: true, now: 0 });
    };
    for (const state of ["pending", "pending", "success", "failure", "superseded"] as const) {
      assert.deepEqual(await say(settings, state), { type: "said" }, server.complaints.join());
    }
    const taken = server.taken.filter((takenStatus, index, all) => takenStatus.state !== all[index - 1]?.state);
    assert.deepEqual(taken.map((takenStatus) => takenStatus.state), states);
    assert.deepEqual(
      new Set(taken.map((takenStatus) => `${takenStatus.repository} ${takenStatus.revision}`)),
      new Set([`${named} ${REVISION}`]),
    );
    assert.equal(new Set(taken.map((takenStatus) => takenStatus.context)).size, 1);
    assert.ok(
      taken.every((takenStatus) =>
        [...takenStatus.description].length === 140 && takenStatus.description.endsWith("...")
      ),
    );
    const withTarget = { ...settings, targetUrl: "http://device:3080/" };
    assert.deepEqual(await say(withTarget, "pending"), { type: "said" });
    assert.equal(server.taken.at(-1)?.url, "http://device:3080/");
    const refused = await say({ ...settings, token: "wrong" }, "pending");
    assert.deepEqual(refused, { type: "refused", why: 'answered 422: {"message":"bad credentials"}' });
  });
}
