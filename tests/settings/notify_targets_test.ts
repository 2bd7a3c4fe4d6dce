import assert from "node:assert/strict";
import { NOTIFY_EVENTS } from "../../src/settings/settings.ts";
import { loadGiven } from "./load_given.ts";

const repo = (url: string, more = 'token = "repo-token"') => `[repo]\nurl = "${url}"\n${more}\n`;
const short = (problems: string[]) => problems.map((problem) => problem.replace("config.toml:", ""));

Deno.test("settings tell who is told, with defaults, each by a name of its own", async () => {
  const text = `${repo("/srv/fleet")}
[[notify]]
type = "slack"
url_file = "slack-url"

[[notify]]
type = "slack"
url = "https://hooks.slack.com/services/other"
events = ["unhealthy", "recovered"]
repeat_interval = "off"

[[notify]]
type = "webhook"
name = "lan"
url = "http://192.168.1.2/hook"
secret_file = "hook-secret"
allow_local = true
`;
  const files = { "slack-url": "https://hooks.slack.com/services/s3cr3t\n", "hook-secret": "whsec_x\n" };
  const { settings, problems } = await loadGiven({ text, files });
  assert.deepEqual(problems, []);
  const [first, second, third] = settings!.notify;
  assert.deepEqual(first, {
    name: "slack",
    type: "slack",
    url: "https://hooks.slack.com/services/s3cr3t",
    secret: null,
    token: null,
    events: NOTIFY_EVENTS,
    repeatIntervalMs: 86_400_000,
    allowLocal: false,
  });
  assert.deepEqual([second?.name, second?.events, second?.repeatIntervalMs], [
    "slack 2",
    ["unhealthy", "recovered"],
    null,
  ]);
  assert.deepEqual([third?.name, third?.secret, third?.allowLocal], ["lan", "whsec_x", true]);
});

Deno.test("settings say what is wrong with who is told, and quote no URL", async () => {
  const text = `${repo("/srv/fleet")}
[[notify]]
url = "https://hooks.slack.com/services/s3cr3t"

[[notify]]
type = "pigeon"
url = "https://me:s3cr3t@example.org/"

[[notify]]
type = "slack"
events = ["unhealty"]

[[notify]]
type = "slack"
url = "hooks.slack.com/s3cr3t"
url_file = "gone"
`;
  const { problems } = await loadGiven({ text });
  assert.deepEqual(short(problems), [
    '5:3: notify[0]: the field "type" is missing | write type = "ntfy"',
    '9:8: notify[1].type: is "pigeon", wanted "webhook", "ntfy", "slack" or "discord" | ',
    "10:7: notify[1].url: is no http or https URL without credentials | ",
    '12:3: notify[2]: the field "url" is missing | write url = "https://..." or url_file = "..."',
    '14:11: notify[2].events[0]: is "unhealty", wanted "revision_applied", "revision_failed", "rolled_back", "unhealthy", "recovered", "removal_pending", "policy_denied" or "sync_failed" | did you mean "unhealthy"?',
    "19:12: notify[3].url_file: is set beside url, and only one of the two can count | take url out",
  ]);
  const { problems: [wrong] } = await loadGiven({ text: `${repo("/srv/fleet")}[notify]\ntype = "slack"\n` });
  assert.match(wrong!, /notify: is no array of tables \| write \[\[notify\]\]/);
});

Deno.test("settings tell the forge by its host, and take the token of the repository", async () => {
  const forgeOf = async (url: string, forge = "auto") => {
    const { settings, problems } = await loadGiven({ text: `${repo(url)}[commit_status]\nforge = "${forge}"\n` });
    return settings?.commitStatus?.forge ?? problems.join();
  };
  const hosts: [url: string, forge: string][] = [
    ["https://github.com/a/b", "github"],
    ["https://gitlab.com/a/b", "gitlab"],
    ["https://gitlab.example.org/a/b", "gitlab"],
    ["https://codeberg.org/a/b", "forgejo"],
    ["https://gitea.lan:3000/a/b", "gitea"],
    ["https://bitbucket.org/a/b", "bitbucket"],
    ["https://git.example.org/scm/a/b.git", "bitbucket-server"],
  ];
  for (const [url, forge] of hosts) assert.equal(await forgeOf(url), forge);
  assert.match(await forgeOf("https://git.example.org/a/b"), /the host "git.example.org" does not tell which forge/);
  assert.equal(await forgeOf("https://git.example.org/a/b", "gitea"), "gitea");
  assert.match(await forgeOf("/srv/fleet"), /needs a repository at a forge/);

  const text = `device = "pi"\n${repo("https://github.com/a/b")}[commit_status]\nforge = "auto"\n`;
  assert.deepEqual((await loadGiven({ text })).settings?.commitStatus, {
    forge: "github",
    repositoryUrl: "https://github.com/a/b",
    apiUrl: null,
    token: "repo-token",
    context: "harbornode/pi",
    targetUrl: null,
  });
  const own = await loadGiven({ text: `${text}token_file = "t"\ncontext = "c"\n`, files: { t: "own" } });
  assert.deepEqual([own.settings?.commitStatus?.token, own.settings?.commitStatus?.context], ["own", "c"]);
  const none = await loadGiven({ text: `${repo("https://github.com/a/b", "")}[commit_status]\nforge = "auto"\n` });
  assert.match(none.problems[0]!, /needs a token that may write commit statuses/);
  assert.equal((await loadGiven({ text: repo("https://github.com/a/b") })).settings?.commitStatus, null);
});
