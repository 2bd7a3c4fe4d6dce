/** Real runs of install.sh by sh, against a release served on loopback, into a folder of its own. */
import assert from "node:assert/strict";
import { installer } from "../support/embed_installer.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { ASSET, REPO, ROOT, SCRIPT, Target, UNIT } from "./target.ts";

Deno.test("a fresh install puts the executable, the settings, a webhook secret and the unit in place", async () => {
  await using target = await Target.make();
  const args = [...REPO, "--device", "lamp", "--token-file", "/etc/token", "--data-dir", "/var/lib/harbornode"];
  const { code, message } = await target.install([
    ...args,
    "--listen",
    "[::1]:8080",
    "--label",
    "room=hall",
    "--label",
    "b=2",
  ]);
  assert.equal(code, 0, message);
  assert.equal(await target.read("usr/local/bin/harbornode"), target.executable("1.0.0"));
  assert.equal(
    await target.read("etc/harbornode/config.toml"),
    'device = "lamp"\ndata_dir = "/var/lib/harbornode"\nlisten_address = "::1"\nlisten_port = 8080\n\n' +
      '[labels]\n"room" = "hall"\n"b" = "2"\n\n' +
      '[repo]\nurl = "https://git.example.org/me/fleet.git"\nbranch = "main"\ntoken_file = "/etc/token"\n\n' +
      '[webhook]\nsecret_file = "webhook-secret"\n',
  );
  const secret = await target.read("etc/harbornode/webhook-secret");
  assert.match(secret, /^[0-9a-f]{64}$/);
  const modes = ["etc/harbornode/config.toml", "etc/harbornode/webhook-secret", "etc/harbornode"];
  assert.deepEqual(await Promise.all(modes.map((path) => target.mode(path))), ["600", "600", "755"]);
  assert.equal(await target.read("etc/systemd/system/harbornode.service"), UNIT);
  const calls = ["daemon-reload", "is-enabled --quiet harbornode", "enable harbornode", "restart harbornode"];
  assert.deepEqual(await target.called("systemctl"), calls);
  for (const part of ["HarborNode 1.0.0 is installed", "http://[::1]:8080/webhook", secret, "age1recipient"]) {
    assert.ok(message.includes(part), `no "${part}" in\n${message}`);
  }
});

Deno.test("variables say what flags say, and the executable does not see them", async () => {
  await using target = await Target.make();
  const env = {
    HARBORNODE_REPO: "git@git.example.org:me/fleet.git",
    HARBORNODE_BRANCH: "stable",
    HARBORNODE_SSH_KEY_FILE: "/root/deploy-key",
    HARBORNODE_DEVICE: "lamp",
    HARBORNODE_LABELS: "room=hall,floor=2",
    HARBORNODE_NO_START: "1",
  };
  await target.release("1.0.0", {
    executable: target.executable("1.0.0", "set | grep ^HARBORNODE_ && exit 1; exit 0"),
  });
  const { code, message } = await target.install([], { env });
  assert.equal(code, 0, message);
  assert.equal(
    await target.read("etc/harbornode/config.toml"),
    'device = "lamp"\n\n[labels]\n"room" = "hall"\n"floor" = "2"\n\n' +
      '[repo]\nurl = "git@git.example.org:me/fleet.git"\nbranch = "stable"\nssh_key_file = "/root/deploy-key"\n\n' +
      '[webhook]\nsecret_file = "webhook-secret"\n',
  );
  assert.match(message, /ssh_known_hosts; ssh-keyscan/);
  assert.match(message, /Start it with: systemctl enable --now harbornode/);
  assert.deepEqual(await target.called("systemctl"), ["daemon-reload"]);
});

Deno.test("the plan is said before anything is done, and a dry run changes nothing", async () => {
  await using target = await Target.make();
  const before = await target.files();
  const { code, message } = await target.install([...REPO, "--dry-run"]);
  assert.equal(code, 0, message);
  const plan = message.slice(message.indexOf("HarborNode 1.0.0 (abc1234)"), message.indexOf("would run"));
  for (
    const part of ["installed: none", "bin/harbornode (to be written)", "config.toml (to be written)", "(re)started"]
  ) {
    assert.ok(plan.includes(part), `no "${part}" in\n${plan}`);
  }
  assert.match(message, /would run: systemctl restart harbornode/);
  assert.deepEqual(await target.files(), before);
  assert.deepEqual(target.requested, ["SHA256SUMS"]);
  assert.deepEqual(await target.called("systemctl"), ["is-enabled --quiet harbornode"]);
});

Deno.test("a second run downloads nothing, restarts nothing, keeps the secret to itself and says so", async () => {
  await using target = await Target.make();
  await target.install(REPO);
  const before = await target.files();
  target.requested.length = 0;
  const { code, message } = await target.install([]);
  assert.equal(code, 0, message);
  assert.match(message, /Nothing changed: HarborNode 1\.0\.0 is installed already/);
  assert.deepEqual(target.requested, ["SHA256SUMS"]);
  assert.deepEqual(await target.files(), before);
  assert.equal((await target.called("systemctl")).filter((call) => call.startsWith("restart")).length, 1);
  assert.ok(!message.includes(await target.read("etc/harbornode/webhook-secret")));
});

Deno.test("an update keeps the old executable beside the new one, ends a trial, and restarts the service", async () => {
  await using target = await Target.make();
  await target.install(REPO);
  await target.write("usr/local/bin/harbornode.trial", "1\n");
  await target.release("1.1.0");
  const { code, message } = await target.install([]);
  assert.equal(code, 0, message);
  assert.match(message, /HarborNode 1\.1\.0 \(abc1234\) .*; installed: harbornode 1\.0\.0/);
  assert.equal(await target.read("usr/local/bin/harbornode"), target.executable("1.1.0"));
  assert.equal(await target.read("usr/local/bin/harbornode.previous"), target.executable("1.0.0"));
  assert.ok(!(await target.files()).some((file) => file.startsWith("usr/local/bin/harbornode.trial")));
  assert.equal((await target.called("systemctl")).at(-1), "restart harbornode");
});

Deno.test("settings and a secret that are there are kept byte for byte", async () => {
  await using target = await Target.make();
  const config = "# mine\nlisten_port = 80 # as ever\n[repo]\r\nurl='/srv/fleet'";
  await target.write("etc/harbornode/config.toml", config);
  const { code, message } = await target.install([...REPO, "--listen", "127.0.0.1:1"]);
  assert.equal(code, 0, message);
  assert.equal(await target.read("etc/harbornode/config.toml"), config);
  assert.match(message, /Flags for settings change nothing: .*config\.toml is there/);
  assert.match(message, new RegExp(`http://${Deno.hostname()}:80/`));
  assert.doesNotMatch(message, /webhook/);

  await Deno.remove(`${target.root}/etc/harbornode/config.toml`);
  await target.write("etc/harbornode/webhook-secret", "chosen");
  assert.match((await target.install(REPO)).message, /for the forge: chosen/);
  assert.equal(await target.read("etc/harbornode/webhook-secret"), "chosen");
});

Deno.test("a daemon that still runs an older executable is restarted", async () => {
  await using target = await Target.make();
  await target.install(REPO);
  await Deno.writeTextFile(`${target.dir.path}/state/pid`, `${Deno.pid}\n`);
  const { message } = await target.install([]);
  assert.equal((await target.called("systemctl")).at(-1), "restart harbornode", message);
});

Deno.test("without systemd there is no unit, and the way to run it is said", async () => {
  await using target = await Target.make();
  await Deno.remove(`${target.root}/run`, { recursive: true });
  const { code, message } = await target.install(REPO);
  assert.equal(code, 0, message);
  assert.match(message, /no systemd here. Run it with: cd .*\/etc\/harbornode && .*\/harbornode run/);
  assert.deepEqual(await target.called("systemctl"), []);
  assert.ok(!(await target.files()).some((file) => file.startsWith("etc/systemd")));
});

Deno.test("the page is told by the addresses of the device and by its name, with mDNS as .local", async () => {
  await using target = await Target.make();
  const lines = [
    "2: eth0    inet 192.168.1.7/24 brd 192.168.1.255 scope global eth0",
    "2: eth0    inet6 2001:db8::7/64 scope global",
    "3: docker0    inet 172.17.0.1/16 scope global docker0",
  ];
  await target.stub("ip", `printf '%s\\n' '${lines.join("' '")}'`);
  await target.stub("uname", 'case $1 in -n) echo lamp.example.org ;; *) exec /bin/uname "$@" ;; esac');
  await target.write("run/avahi-daemon/socket", "");
  const pages = (message: string) => [...message.matchAll(/page +(\S+)/g)].map(([, url]) => url);
  assert.deepEqual(pages((await target.install(REPO)).message), [
    "http://192.168.1.7:3080/",
    "http://lamp.local:3080/",
  ]);
  await target.write("etc/harbornode/config.toml", 'listen_address = "::"\n');
  assert.deepEqual(pages((await target.install([])).message), [
    "http://192.168.1.7:3080/",
    "http://[2001:db8::7]:3080/",
    "http://lamp.local:3080/",
  ]);
});

Deno.test("as another user each privileged command goes through sudo or doas, and is shown", async () => {
  for (const become of ["sudo", "doas"]) {
    await using target = await Target.make();
    await target.stub("id", "echo 1000");
    await target.stub(become, 'exec "$@"');
    const { code, message } = await target.install(REPO);
    assert.equal(code, 0, message);
    const calls = await target.called(become);
    assert.ok(calls.includes("systemctl restart harbornode"));
    assert.ok(calls.some((call) => call.startsWith("install -m 600")));
    for (const call of calls.filter((one) => !one.startsWith("rm -f"))) {
      assert.ok(message.includes(`+ ${become} ${call}`), `"${call}" is not shown`);
    }
    assert.ok(!calls.some((call) => /curl|gzip/.test(call)), "a download needs no privilege");
  }
});

Deno.test("where there is no gzip the executable comes as it is", async () => {
  await using target = await Target.make();
  await target.remove("gzip");
  const { code, message } = await target.install(REPO);
  assert.equal(code, 0, message);
  assert.deepEqual(target.requested, ["SHA256SUMS", ASSET]);
});

Deno.test("help names each flag and its variable, and all of them are read", async () => {
  await using target = await Target.make();
  const { code, message } = await target.install(["--help"]);
  assert.equal(code, 0);
  const rows = [...message.matchAll(/^ {2}(?:--([a-z-]+) )?.*?(HARBORNODE_[A-Z_]+)/gm)];
  assert.equal(rows.length, 16);
  for (const [, flag, variable] of rows) {
    assert.ok(SCRIPT.includes(`\${${variable}:-`), `${variable} is not read`);
    if (flag !== undefined) assert.match(SCRIPT, new RegExp(`(\\||^) +--${flag}( \\||\\))`, "m"));
  }
});

Deno.test("install.sh holds the unit and the signers of releases as their files have them", async () => {
  assert.ok(SCRIPT === await installer(), "run: deno run -A tests/support/embed_installer.ts");
});

await testNeeding(["shellcheck"], "install.sh is clean for shellcheck as dash", async () => {
  const output = await new Deno.Command("shellcheck", { args: ["-s", "dash", "install.sh"], cwd: ROOT }).output();
  assert.equal(new TextDecoder().decode(output.stdout), "");
});
