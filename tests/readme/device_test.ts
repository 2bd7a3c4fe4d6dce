/** What the pages have somebody type on a device, typed on one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { typedBlocks } from "./pages.ts";
import { Stage } from "./stage.ts";

await testNeeding(["git"], "what the pages say of webhooks, secrets and the doctor is so on a device", async (t) => {
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

  await t.step("the doctor says of everything how it is", async () => {
    const [doctor] = typedBlocks("README.md", "When something is wrong");
    const { code, said } = await stage.run(doctor!.text);
    assert.ok(code === 0 || code === 1, said);
    assert.match(said, /repository/i);
    assert.doesNotMatch(said, /between us/);
  });
});
