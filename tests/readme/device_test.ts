/** What the pages have somebody type on a device, typed on one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { typedBlocks } from "./pages.ts";
import { assertPrinted } from "./printed.ts";
import { Stage } from "./stage.ts";

await testNeeding(["git"], "what the pages say of webhooks and secrets is so on a device", async (t) => {
  await using stage = await Stage.create();
  const repository = await GitRepository.create(join(stage.path, "fleet"));
  await repository.write("services/clock.toml", 'command = ["sleep", "1000"]\nhealth = { command = ["true"] }\n');
  await repository.commit("Begin");
  await using device = await TestDevice.start({
    root: stage.work,
    repository: repository.dir,
    repo: ['interval = "1h"'],
    extra: ["[webhook]", 'secret = "between us"', "[runtime]", "docker_enabled = false"],
  });
  await device.until("clock", ({ phase }) => phase === "running");

  await t.step("a webhook that waits tells the result", async () => {
    const [wait] = typedBlocks("README.md", "Over HTTP");
    await stage.program(
      "curl",
      `for word; do
  shift
  case $word in http://device:3080/*) word=http://127.0.0.1:${device.port}/\${word#http://device:3080/} ;; esac
  set -- "$@" "$word"
done
exec /usr/bin/curl "$@"`,
    );
    await repository.write("services/clock.toml", 'command = ["sleep", "1001"]\nhealth = { command = ["true"] }\n');
    const commit = await repository.commit("Another hour");
    const { out, said } = await stage.run(wait!.text, { env: { SECRET: "between us" } });
    assert.match(out, /"ok":true/, said);
    await eventually("it is applied", async () => (await device.status())?.source.applied === commit.trim());
  });

  await t.step("a secret is encrypted to the device", async () => {
    const [encrypt] = typedBlocks("examples/README.md", "Secrets");
    await Deno.writeTextFile(join(stage.work, "token.txt"), "a token");
    const { code, out, said } = await stage.run(encrypt!.text);
    assert.equal(code, 0, said);
    assert.match(out, /^age:[A-Za-z0-9+/=_-]+$/m);
    assert.match(
      await Deno.readTextFile(join(stage.work, "devices.toml")),
      /^\[pi-kitchen\]\nrecipient = "age1\w+"\n$/,
    );
    await Deno.stat(join(stage.work, "secrets/db-password.age"));
  });
});

await testNeeding(["git"], "the doctor says what is wrong with a token as the README shows it", async () => {
  const [doctor, told] = typedBlocks("README.md", "When something is wrong");
  await using stage = await Stage.create();
  // A server that knows nobody, reached by the name that the page has for it: through a proxy, since it is not there.
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    return new Response("no", { status: 401, headers: { "www-authenticate": "Basic" } });
  });
  const lines = [
    'listen_address = "127.0.0.1"',
    "[repo]",
    'url = "http://git.example.org/me/fleet.git"',
    `proxy = "http://127.0.0.1:${server.addr.port}"`,
    'token = "spent long ago"',
    "[runtime]",
    "docker_enabled = false",
  ];
  await Deno.writeTextFile(join(stage.work, "config.toml"), lines.join("\n"), { mode: 0o600 });
  const { code, out, said } = await stage.run(doctor!.text);
  assert.equal(code, 1, said);
  assertPrinted(told!.text, out.replaceAll("http://git.example.org", "https://git.example.org"));
  assert.doesNotMatch(said, /spent long ago/);
});
