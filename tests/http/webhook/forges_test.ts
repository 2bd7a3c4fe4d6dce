/** Every forge's own way to say the same: each claim holds for all of them. */
import assert from "node:assert/strict";
import { AppOnPaper, SECRET } from "../test_app.ts";
import { type Delivered, FORGES } from "./forge_deliveries.ts";

const send = (paper: AppOnPaper, { headers, body }: Delivered) =>
  paper.get("/webhook", { method: "POST", headers, body });
const said = async (answer: Response) => `${answer.status} ${(await answer.json()).message}`;

/** Each sends an id that is the same when it repeats itself. */
const WITHOUT_ID = new Set(["generic, X-Signature with SHA-512", "generic, bearer"]);

for (const [name, forge] of Object.entries(FORGES)) {
  Deno.test(`webhook knows a push of ${name}, what it is about, and when it was delivered before`, async () => {
    const paper = new AppOnPaper({ secrets: ["an older one", SECRET] });
    const { now } = paper;
    const about = async (options: Partial<Parameters<typeof forge>[0]>) =>
      await said(await send(paper, forge({ secret: SECRET, now, ...options })));

    assert.equal(await about({}), "202 the repository is looked at now");
    assert.equal(paper.deliveries[0]?.forge, forge({ secret: SECRET }).forge);
    assert.equal(paper.woken, 1);
    const again = WITHOUT_ID.has(name) ? "202 the repository is looked at now" : "200 it was delivered before";
    assert.equal(await about({}), again);
    assert.match(await about({ id: "next" }), /^202/);
    const { woken } = paper;
    assert.match(
      await about({ ref: "refs/heads/dev" }),
      /^200 the branch "dev" is not followed, the branch "main" is$/,
    );
    assert.match(await about({ ref: "refs/tags/main" }), /^200 the tag "main" is not followed, the branch "main" is$/);
    assert.match(await about({ deleted: true }), /^200 the branch "main" was deleted; what runs stays$/);
    assert.match(await about({ repository: "home/other" }), /^200 the repository ".*other.*" is not the one of/i);
    assert.match(await about({ secret: "guessed" }), /^401 its signature or token is of no secret/);
    assert.equal(paper.woken, woken);
    assert.deepEqual(
      new Set(paper.deliveries.map((delivery) => delivery.verdict)),
      new Set(["accepted", "ignored", "refused"]),
    );
  });

  Deno.test(`webhook of a device that follows a tag or a commit: a push of ${name}`, async () => {
    const tagged = new AppOnPaper({ followed: { type: "tag", name: "v1.0" } });
    const { now } = tagged;
    const push = (ref: string) => forge({ secret: SECRET, now, ref, id: ref });
    assert.match(await said(await send(tagged, push("refs/tags/v1.0"))), /^202/);
    assert.match(
      await said(await send(tagged, push("refs/heads/v1.0"))),
      /^200 the branch "v1.0" is not followed, the tag/,
    );
    const either = new AppOnPaper({ followed: { type: "name", name: "v1.0" } });
    assert.match(await said(await send(either, push("refs/tags/v1.0"))), /^202/);
    assert.match(await said(await send(either, push("refs/heads/v1.0"))), /^202/);
    const ignored = await said(await send(either, push("refs/heads/dev")));
    assert.match(ignored, /^200 the branch "dev" is not followed, the branch or tag "v1.0" is$/);
    const fixed = new AppOnPaper({ followed: { type: "commit", name: "4f2c91a" } });
    assert.match(await said(await send(fixed, push("refs/heads/main"))), /^200 the commit "4f2c91a" is followed/);
  });

  Deno.test(`webhook takes no proof of ${name} that is empty`, async () => {
    const paper = new AppOnPaper();
    const { headers, body } = forge({ secret: SECRET, now: paper.now });
    const isProof = (header: string) => /signature|token|^authorization$/.test(header);
    const emptied = Object.fromEntries(
      Object.entries(headers).map(([header, value]) => [header, isProof(header) ? "" : value]),
    );
    assert.match(await said(await send(paper, { forge: "", headers: emptied, body })), /^401 its signature is empty/);
    assert.equal(paper.woken, 0);
  });
}

Deno.test("webhook answers each forge's own test with pong, and Bitbucket Server's unsigned one too", async () => {
  const paper = new AppOnPaper();
  const { headers, body } = FORGES.github!({ secret: SECRET });
  assert.equal(
    await said(await send(paper, { forge: "", headers: { ...headers, "x-github-event": "ping" }, body })),
    "200 pong",
  );
  const ping = { "x-event-key": "diagnostics:ping", "x-request-id": "1", "content-type": "application/json" };
  assert.equal(await said(await send(paper, { forge: "", headers: ping, body: '{"test":true}' })), "200 pong");
  assert.equal(paper.woken, 0);
  for (let i = 0; i < 9; i++) await (await send(paper, { forge: "", headers: ping, body: "{}" })).body?.cancel();
  assert.match(await said(await send(paper, { forge: "", headers: ping, body: "{}" })), /^429/);
});

Deno.test("webhook takes a branch or a tag that is made for a push, and other events for none", async () => {
  const paper = new AppOnPaper({ followed: { type: "tag", name: "v2" } });
  const event = async (name: string, payload: unknown) =>
    await said(await paper.push(payload, { "x-github-event": name }));
  assert.match(await event("create", { ref: "v2", ref_type: "tag" }), /^202/);
  assert.match(await event("create", { ref: "v2", ref_type: "branch" }), /^200 the branch "v2" is not followed/);
  assert.match(await event("delete", { ref: "v2", ref_type: "tag" }), /^200 the tag "v2" was deleted/);
  assert.match(await event("issues", { action: "opened" }), /^200 the event "issues" is no push/);
  assert.match(
    await event("registry_package", { action: "published" }),
    /^200 the event "registry_package" is no push/,
  );
});

Deno.test("webhook takes a push of several branches when one of them is followed", async () => {
  const paper = new AppOnPaper();
  const change = (name: string) => ({ new: { type: "branch", name }, old: null });
  const push = (...names: string[]) => ({ push: { changes: names.map(change) } });
  assert.match(await said(await paper.push(push("dev", "main"))), /^202/);
  assert.match(
    await said(await paper.push(push("a", "b", "c", "d", "e"))),
    /"a", the branch "b", the branch "c" and 2 more are/,
  );
});

Deno.test("webhook knows its repository by every URL that a forge may give it", async () => {
  const urls: [ours: string, theirs: string, isOurs: boolean][] = [
    ["https://git.example.org/home/fleet.git", "Home/Fleet", true],
    ["git@git.example.org:home/fleet.git", "https://git.example.org/home/fleet", true],
    ["ssh://git@git.example.org:2222/home/fleet", "git@git.example.org:home/fleet.git", true],
    ["https://git.example.org/fleet", "home/fleet", true],
    ["https://git.example.org/scm/home/fleet.git", "HOME/fleet", true],
    ["https://gitlab.example.org/group/sub/fleet", "group/sub/fleet", true],
    ["/srv/mirrors/copy", "home/fleet", true],
    ["https://git.example.org/home/fleet.git", "home/fleet-two", false],
    ["https://git.example.org/home/fleet.git", "https://git.example.org/evil/fleet", false],
    ["https://git.example.org/fleet", "home/other", false],
  ];
  for (const [repositoryUrl, theirs, isOurs] of urls) {
    const paper = new AppOnPaper({ repositoryUrl });
    const answer = await paper.push({ ref: "refs/heads/main", repository: { clone_url: theirs } });
    assert.equal(answer.status, isOurs ? 202 : 200, `${repositoryUrl} ${theirs}`);
  }
});
