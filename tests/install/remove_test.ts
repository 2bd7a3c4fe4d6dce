/** `--uninstall` and `--purge`: what goes, what stays, and what is never touched. */
import assert from "node:assert/strict";
import { dataDir } from "../../src/store/data_dir.ts";
import { DOCKER_SOCKET, testNeeding } from "../support/prerequisite.ts";
import { DEVICE_ID, REPO, SCRIPT, Target } from "./target.ts";

const FOLDERS = /^(etc|etc\/systemd|etc\/systemd\/system|run|usr|usr\/local|usr\/local\/bin|var|var\/lib|sys.*)$/;

async function installed(args: string[] = []): Promise<Target> {
  const target = await Target.make();
  const { code, message } = await target.install([...REPO, ...args]);
  assert.equal(code, 0, message);
  return target;
}

Deno.test("uninstall removes executable and unit, names what runs on and what stays, and does it once", async () => {
  await using target = await installed();
  await target.runDaemon();
  for (const name of ["previous", "trial", "refused", "new"]) {
    await target.write(`usr/local/bin/harbornode.${name}`, "");
  }
  const kept = (await target.files()).filter((path) => !/^(usr|etc\/systemd)\//.test(path));
  const { code, message } = await target.install(["--uninstall"]);
  assert.equal(code, 0, message);
  assert.match(message, /This runs on.*\n/);
  assert.match(message, /lamp {2}running {2}healthy/);
  assert.match(message, /What stays: .*etc\/harbornode and .*etc\/harbornode\/data/);
  const left = await target.files();
  assert.deepEqual(left.filter((path) => !/^(usr|etc\/systemd)\//.test(path)), kept);
  assert.deepEqual(left.filter((path) => path.includes("bin/harbornode") || path.includes(".service")), []);
  assert.ok((await target.called("systemctl")).includes("disable --now harbornode"));
  assert.ok(!(await target.called("harbornode")).some((call) => call.startsWith("down")));

  const again = await target.install([], { env: { HARBORNODE_UNINSTALL: "yes" } });
  assert.deepEqual([again.code, again.message.trim()], [0, "There is nothing to remove"]);
  assert.equal((await target.install(REPO)).code, 0, "it can be installed again");
});

Deno.test("purge stops what runs, with the executable, and leaves nothing", async () => {
  await using target = await installed();
  await target.runDaemon();
  await target.write("etc/systemd/system/harbornode.service.d/own.conf", "");
  await target.write(`dev/shm/harbornode-${DEVICE_ID}/key`, "");
  const group = `sys/fs/cgroup/system.slice/harbornode-${DEVICE_ID}.scope/harbornode-01234567-lamp-0/cgroup.kill`;
  await target.write(group, "");
  await target.write("sys/fs/cgroup/system.slice/harbornode-76543210-lamp-0/cgroup.kill", "");
  await Deno.mkdir(`${target.root}/sys/fs/cgroup/system.slice/harbornode.service`);
  const { code, message } = await target.install(["--purge"]);
  assert.equal(code, 0, message);
  assert.match(message, /Stopped and removed for good: .*etc\/harbornode and .*etc\/harbornode\/data\n/);
  const down = (await target.called("harbornode")).at(-1);
  assert.match(down ?? "", /^down --config .*etc\/harbornode\/config\.toml$/);
  const left = (await target.files()).filter((path) => !FOLDERS.test(path) && !/^(sys|dev\/shm$|dev$)/.test(path));
  assert.deepEqual(left, []);
  assert.ok(!(await target.files()).some((path) => path.endsWith("harbornode.service")));
  assert.equal(await target.read(group), "1\n", "what did not stop is killed");
  assert.equal(await target.read("sys/fs/cgroup/system.slice/harbornode-76543210-lamp-0/cgroup.kill"), "");
  const again = await target.install(["--purge"]);
  assert.deepEqual([again.code, again.message.trim()], [0, "There is nothing to remove"]);
});

Deno.test("purge after uninstall removes the rest, and Docker's part of this device alone", async () => {
  await using target = await installed(["--data-dir", "/var/lib/harbornode"]);
  await target.runDaemon("var/lib/harbornode");
  await target.install(["--uninstall"]);
  await target.stub(
    "docker",
    'case "$*" in *--format*) ;; volume\\ ls*) echo shop-data; echo shop-cache ;; container\\ ls*) echo c0 ;; esac',
  );
  const { code, message } = await target.install(["--purge"]);
  assert.equal(code, 0, message);
  const filter = `--quiet --filter label=harbornode.device=${DEVICE_ID}`;
  assert.deepEqual(await target.called("docker"), [
    `container ls --all ${filter}`,
    "container rm --force c0",
    `network ls ${filter}`,
    `volume ls ${filter}`,
    `volume ls --filter label=harbornode.device=${DEVICE_ID} --format {{.Label "harbornode.volume"}}`,
    "volume rm shop-data shop-cache",
  ]);
  assert.deepEqual((await target.files()).filter((path) => !FOLDERS.test(path)), []);
});

await testNeeding(
  ["docker"],
  "purge removes the networks and volumes that Docker has for this device, and no other",
  async () => {
    await using target = await installed();
    await target.runDaemon();
    const id = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
    await target.write("etc/harbornode/data/device.json", `{"version": 1, "value": {"id": "${id}"}}`);
    await target.borrow("docker");
    const docker = async (...args: string[]) => {
      const { success, stdout, stderr } = await new Deno.Command("docker", { args }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout).trim();
    };
    const names = ["ours", "other", "claimed", "claim", "claim-of-none", "again", "claim-of-ours"]
      .map((name) => `${id}-${name}`);
    try {
      await docker("volume", "create", "--label", `harbornode.device=${id}`, names[0]!);
      await docker("volume", "create", "--label", `harbornode.device=${id}0`, names[1]!);
      await docker("network", "create", "--label", `harbornode.device=${id}`, names[0]!);
      // The first one names a volume that has no label of its own, and one that is gone already.
      const claims = ["--label", `harbornode.device=${id}`, "--label"];
      await docker("volume", "create", ...claims, `harbornode.volume=${names[2]}`, names[3]!);
      await docker("volume", "create", ...claims, `harbornode.volume=${id}-gone`, names[4]!);
      await docker("volume", "create", ...claims, `harbornode.volume=${names[2]}`, names[5]!);
      await docker("volume", "create", ...claims, `harbornode.volume=${names[0]}`, names[6]!);
      await docker("volume", "create", names[2]!);
      const { code, message } = await target.install(["--purge"], { env: { DOCKER_HOST: `unix://${DOCKER_SOCKET}` } });
      assert.equal(code, 0, message);
      assert.match(message, new RegExp(`docker volume rm [^\n]*${names[0]}`));
      assert.equal(await docker("volume", "ls", "--quiet", "--filter", `name=${id}`), names[1]);
      assert.equal(await docker("network", "ls", "--quiet", "--filter", `name=${id}`), "");
    } finally {
      await docker("volume", "rm", "--force", ...names);
      await docker("network", "rm", names[0]!).catch(() => {});
    }
  },
);

Deno.test("purge removes of a data_dir only what is the daemon's, and nothing of one that was never its own", async () => {
  await using target = await installed(["--data-dir", "/var/lib"]);
  await target.write("var/lib/dpkg/status", "");
  await target.write("var/lib/files/own", "");
  const strange = await target.install(["--purge"]);
  assert.equal(strange.code, 0, strange.message);
  assert.match(strange.message, /var\/lib has no device\.json/);
  assert.deepEqual((await target.files()).filter((path) => path.startsWith("var/lib/files/")), ["var/lib/files/own: "]);

  await target.install([...REPO, "--data-dir", "/var/lib"]);
  await target.runDaemon("var/lib");
  const shared = await target.install(["--purge"]);
  assert.equal(shared.code, 0, shared.message);
  assert.match(shared.message, /What else is in .*var\/lib stays/);
  assert.deepEqual((await target.files()).filter((path) => path.startsWith("var/lib/")), [
    "var/lib/dpkg",
    "var/lib/dpkg/status: ",
  ]);
});

Deno.test("purge knows every place of data_dir", () => {
  const { run: _run, credentials: _credentials, aside: _aside, root, ...places } = dataDir("/data", DEVICE_ID);
  const [, names] = /own='(.*)'/.exec(SCRIPT)!;
  const patterns = names!.split(" ").map((name) => `${root}/${name}`);
  for (const path of Object.values(places)) {
    const isKnown = patterns.some((pattern) =>
      pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern || path.startsWith(`${pattern}/`)
    );
    assert.ok(isKnown, `${path} is left by --purge`);
  }
});

Deno.test("a dry run of either shows what would be done and changes nothing", async () => {
  await using target = await installed();
  await target.runDaemon();
  const before = await target.files();
  for (const flag of ["--uninstall", "--purge"]) {
    const { code, message } = await target.install([flag, "--dry-run"]);
    assert.equal(code, 0, message);
    assert.match(message, /would run: systemctl disable --now harbornode/);
    assert.deepEqual(await target.files(), before);
  }
});
