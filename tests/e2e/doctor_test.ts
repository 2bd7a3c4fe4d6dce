/**
 * `doctor` and `support` beside a real daemon with a workload that fails: what is well and what is not is said, and no
 * secret leaves the device, wherever it was planted.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { armored, encrypt } from "../../src/secrets/decrypt_age.ts";
import { eventually } from "../support/eventually.ts";
import { findPlanted, plant, type Planted, textsBelow } from "../support/planted_secret.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, shell, SLEEP, SOON } from "../support/repo_backed_device.ts";

interface Told {
  counts: Record<string, number>;
  checks: { check: string; verdict: string; message: string; hint: string | null }[];
}

await testNeeding(["git"], "doctor and support tell how a device is, and no secret of it", async (t) => {
  const planted = Array.from({ length: 8 }, plant);
  const [inline, inFile, url, logged, encrypted, typo, phrase, password] = planted as [
    Planted,
    Planted,
    Planted,
    Planted,
    Planted,
    Planted,
    Planted,
    Planted,
  ];
  await using pushed = await pushedDevice({ "web.toml": `${SLEEP}${SOON}` }, {
    extra: [
      "[runtime]",
      "docker_enabled = false",
      "[webhook]",
      `secret = "${inline.value}"`,
      `[registry."ghcr.io"]`,
      'username = "device"',
      `password = "${password.value}"`,
      "[[notify]]",
      'type = "slack"',
      // Nobody listens there: what is tried, and fails, is said.
      `url = "http://127.0.0.1:9/${url.value}"`,
      "allow_local = true",
    ],
  });
  const { device, repository, root } = pushed;
  const tell = async (...args: string[]) => {
    const { code, out, err } = await device.cli("doctor", "--json", ...args);
    assert.ok(out.startsWith("{"), err);
    return { code, told: JSON.parse(out) as Told };
  };
  const of = ({ checks }: Told, name: string) => checks.find(({ check }) => check === name)!;
  await device.until("web", (workload) => workload.phase === "running" && workload.sync === "synced");

  await t.step("a device that runs as asked has no problem in it, and its names are told for completion", async () => {
    const { told } = await tell();
    for (const name of ["reach", "daemon", "workloads", "identity", "executable", "data_dir", "ports"]) {
      const { verdict, message } = of(told, name);
      // Where the machine itself is of another kind, that is no matter of this test.
      assert.ok(verdict === "ok" || ["data_dir", "ports"].includes(name), `${name}: ${verdict}: ${message}`);
    }
    assert.match(of(told, "ports").message, new RegExp(`^${device.port} is the daemon's|port_range`));
    assert.match(of(told, "webhook").message, /^a secret is set, and nothing was ever delivered/);
    assert.equal((await device.cli("status", "--names")).out, "web\n");
    for (const line of (await device.cli("doctor")).out.split("\n")) {
      // Paths of this machine may be longer than a line.
      assert.ok(line.length <= 80 || !line.trim().includes(" "), line);
    }
  });

  await t.step("what fails is told, and a webhook that was refused", async () => {
    const recipient = await eventually("a recipient", async () => (await device.status())?.device.recipient);
    const bytes = new TextEncoder().encode(encrypted.value);
    await repository.write("secrets/db.age", await armored(await encrypt(bytes, [recipient])));
    const leaky = `echo "the log has ${logged.value} and $DB"; exit 3`;
    await repository.write(
      "services/leaky.toml",
      `${shell(leaky)}restart = "never"\nenv = { DB = { secret = "db" } }\n`,
    );
    await repository.commit("Break it");
    await device.until("leaky", (workload) => workload.phase === "failed");
    const answer = await fetch(`http://127.0.0.1:${device.port}/webhook`, { method: "POST", body: phrase.value });
    assert.equal(answer.status, 401);
    await answer.body?.cancel();
    const { told } = await tell();
    assert.deepEqual(of(told, "workloads"), {
      group: "daemon",
      check: "workloads",
      verdict: "warning",
      message: "1 of 2 needs attention: leaky",
      hint: "harbornode status",
    });
    assert.match(of(told, "webhook").message, /^the last delivery, 0 min ago \(.*\), was refused: /);
  });

  await t.step("a bundle says what is in it, is its owner's alone, and holds none of them", async () => {
    const tokenFile = join(root, "git-token");
    await Deno.writeTextFile(tokenFile, `${inFile.value}\n`);
    const config = await Deno.readTextFile(device.config);
    const more = `token_file = "git-token"\nssh_key_file = "git-token"\n`;
    await Deno.writeTextFile(
      device.config,
      `# ${phrase.value}\n${config.replace("[repo]\n", `[repo]\n${more}`)}[repos]\ntoken = "${typo.value}"\n`,
    );
    const file = join(root, "bundle.tar.gz");
    // With settings that are wrong now, as those of people who write bug reports may be; then right ones again.
    const before = await device.cli("support", "--output", join(root, "wrong.tar.gz"));
    assert.equal(before.code, 0, before.err);
    await Deno.writeTextFile(device.config, config.replace("[repo]\n", `[repo]\n${more}`));
    const { code, out, err } = await device.cli("support", "--output", file);
    assert.equal(code, 0, err);
    assert.match(out, new RegExp(`^written to ${file}$`, "m"));
    assert.match(err, /Look through it before you send it/);
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);

    const names = await unpack(file, join(root, "bundle"));
    for (const name of names) assert.ok(out.includes(`${name} `), `${name} was not told`);
    for (const name of ["about.txt", "config.toml", "doctor.txt", "doctor.json", "status.json", "data_dir.txt"]) {
      assert.ok(names.includes(name), names.join(" "));
    }
    await unpack(join(root, "wrong.tar.gz"), join(root, "wrong"));
    const texts = [...await textsBelow(join(root, "bundle")), ...await textsBelow(join(root, "wrong"))];
    texts.push(["what it said", `${out}${err}${before.out}${before.err}`]);
    assert.deepEqual(findPlanted(planted, texts), []);
    const text = (name: string) => texts.find(([path]) => path.endsWith(`bundle/${name}`))![1];
    assert.match(text("config.toml"), /^token_file = "git-token"$/m);
    assert.match(text("data_dir.txt"), /^0600 \d+ \d+ \S+ identity\.txt$/m);
    assert.match(text("status.json"), /lines left out/);

    // A second one is never written over the first.
    const again = await device.cli("support", "--output", file);
    assert.equal(again.code, 1);
    assert.match(again.err, /^error: ".*bundle\.tar\.gz" is there already$/m);
  });

  await t.step(
    "what workloads wrote is in it when it is asked for, and nothing more",
    async () => {
      const file = join(root, "logs.tar.gz");
      assert.equal((await device.cli("support", "--with-logs", "--output", file)).code, 0);
      const names = await unpack(file, join(root, "with-logs"));
      assert.ok(names.includes("logs/leaky.jsonl"), names.join(" "));
      const texts = await textsBelow(join(root, "with-logs"));
      assert.deepEqual(findPlanted(planted.filter((one) => one !== logged && one !== encrypted), texts), []);
      assert.equal(findPlanted([logged], texts).length > 0, true, "the search finds what is there");
    },
  );

  await t.step("without a daemon it is said, with what to do, and the exit code is 1", async () => {
    await device.stopDaemon();
    const { code, told } = await tell();
    assert.equal(code, 1);
    assert.equal(of(told, "daemon").verdict, "problem");
    assert.match(of(told, "daemon").hint ?? "", /systemctl start harbornode/);
    assert.equal(of(told, "workloads").verdict, "skipped");
    assert.equal(of(told, "reach").verdict, "ok");
  });
});

/** Names of the files in it, without the one folder that all are in. */
async function unpack(file: string, to: string): Promise<string[]> {
  await Deno.mkdir(to);
  const args = ["-xzf", file, "-C", to, "--strip-components=1"];
  assert.ok((await new Deno.Command("tar", { args }).output()).success);
  return (await textsBelow(to)).map(([path]) => path.slice(to.length + 1));
}
