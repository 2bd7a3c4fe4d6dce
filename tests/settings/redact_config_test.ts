/** A config.toml that is shown to strangers: what it keeps, and what it never does, however it was written. */
import assert from "node:assert/strict";
import { parseDocument } from "../../src/schema/toml_document.ts";
import { hiddenValues, redactConfig } from "../../src/settings/redact_config.ts";

function tableOf(text: string) {
  const document = parseDocument("config.toml", text);
  assert.ok("table" in document, JSON.stringify(document));
  return document.table;
}

const CONFIG = `# the token is hunter2
device = "pi"
labels = { site = "home" }
tokne = "hunter2-typo"
[repo]
url = "https://git.example.org/fleet.git"
token = "hunter2-token"
ssh_key_file = "key"
known_hosts_file = "hunter2-in-the-wrong-place"
interval = "30s"
[repo.more]
token = "hunter2-nested"
[webhook]
secrets = ["hunter2-a", "hunter2-b"]
secret_files = ["here", "hunter2-not-a-file"]
[registry."ghcr.io"]
username = "device"
password = "hunter2-password"
[[notify]]
type = "slack"
url = "https://hooks.example.org/hunter2-url"
events = ["unhealthy"]
[strange]
anything = "hunter2-strange"
`;

Deno.test("settings that are known and no secrets are kept; everything else is three stars", () => {
  const isFile = (path: string) => ["key", "here"].includes(path);
  const shown = redactConfig(tableOf(CONFIG), isFile);
  assert.equal(
    shown,
    `device = "pi"
labels = { site = "home" }
tokne = "***"

[repo]
url = "https://git.example.org/fleet.git"
token = "***"
ssh_key_file = "key"
known_hosts_file = "***"
interval = "30s"
more = "***"

[webhook]
secrets = "***"
secret_files = "***"

[registry."ghcr.io"]
username = "device"
password = "***"

[[notify]]
type = "slack"
url = "***"
events = ["unhealthy"]

[strange]
anything = "***"
`,
  );
  assert.ok("table" in parseDocument("config.toml", shown), "it is TOML again");
  const hidden = hiddenValues(tableOf(CONFIG), isFile);
  assert.equal(hidden.filter((one) => one.includes("hunter2")).length, 10);
  assert.ok(!hidden.includes("pi") && !hidden.includes("device"));
});

Deno.test("a secret in the place of a section is not shown", () => {
  for (
    const text of ['repo = "hunter2"\n', 'webhook = ["hunter2"]\n', 'notify = ["hunter2"]\n', 'registry = "hunter2"\n']
  ) {
    assert.doesNotMatch(redactConfig(tableOf(text), () => true), /hunter2/);
  }
  assert.doesNotMatch(redactConfig(tableOf('[[repo]]\nurl = "x"\ntoken = "hunter2"\n'), () => true), /hunter2/);
  assert.doesNotMatch(redactConfig(tableOf('[registry]\nghcr = "hunter2"\n'), () => true), /hunter2/);
});
