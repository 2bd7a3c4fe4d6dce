/**
 * A device whose version git decides, from the first push to a build that goes back by itself, with the compiled
 * executable and the guard of the unit. What it runs knows nothing of all that.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { UpgradeStatus } from "../../src/model/snapshot.ts";
import { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { SLEEP, SOON } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";
import { asVersion, brokenBuild, thisBuild } from "../upgrade/other_build.ts";
import { Mirror } from "../upgrade/mirror.ts";
import { writeSupervisor } from "../upgrade/supervisor.ts";

/** What is new starts at any time, and nothing changes before the owner says so. */
const NEVER_OPEN = ["[rollout]", 'windows = [{ kind = "deny", schedule = "* * * * *", duration = "1h" }]'];

await testNeeding(
  ["dist", "root", "git"],
  "git decides which version runs, and one that does not work goes back",
  async (t) => {
    await using dir = await tempDir();
    const build = await thisBuild();
    const [next, broken] = [asVersion(build, "0.1.1"), brokenBuild("0.1.2", "exit 1")];
    await using mirror = await Mirror.start([next, broken]);
    const executable = join(dir.path, "harbornode");
    await Deno.writeFile(executable, build.bytes, { mode: 0o755 });

    const repository = await GitRepository.create(join(dir.path, "fleet"));
    await repository.write("services/web.toml", SLEEP + SOON);
    await repository.commit("Begin");
    await using device = await TestDevice.start({
      root: dir.path,
      repository: repository.dir,
      repo: ['interval = "200ms"'],
      extra: [
        "[runtime]",
        "docker_enabled = false",
        ...NEVER_OPEN,
        "[daemon]",
        `release_url = "${mirror.url("127.0.0.1")}"`,
      ],
      policy: ["allow_root = true", 'daemon_versions = ["0.1.*"]'],
      command: [await writeSupervisor(dir.path)],
    });
    const pid = (await device.until("web", (workload) => workload.phase === "running")).instances[0]!.pid;
    const ask = async (text: string, { force = true } = {}) => {
      await repository.write("harbornode.toml", text);
      await repository.commit("Another version");
      if (force) await device.cli("sync", "--force");
    };
    const until = async (state: UpgradeStatus["state"], wanted: string | null): Promise<UpgradeStatus> => {
      return await eventually(`${state} ${wanted}`, async () => {
        const { device: { upgrade } } = (await device.status())!;
        if (upgrade?.state === state && upgrade.wanted === wanted) return upgrade;
        throw new Error(`${JSON.stringify(upgrade)}\n${device.log}`);
      });
    };
    const names = async () => (await Array.fromAsync(Deno.readDir(dir.path))).map(({ name }) => name);
    const daemonPid = async () => Number(await Deno.readTextFile(join(dir.path, "pid")));

    await t.step("what is wrong with the file, or not allowed, changes nothing", async () => {
      assert.equal((await device.status())!.device.upgrade, null);
      await ask('[daemon]\nversoin = "0.1.1"\n');
      assert.match((await until("invalid", null)).problems[0]!.hint!, /did you mean "version"/);
      await ask('[daemon]\nversion = "9.9.9"\n');
      assert.match((await until("denied", "9.9.9")).hint!, /add "9\.9\.9" to daemon_versions/);
      assert.equal((await until("denied", "9.9.9")).reason, "policy_denied");
      assert.match((await device.cli("status")).out, /^! harbornode: the owner of this device does not allow version/m);
    });

    await t.step("a version that does not work is taken back, and not tried again", async () => {
      const before = await daemonPid();
      await ask('[daemon]\nversion = "0.1.2"\n');
      const { message, hint } = await until("refused", "0.1.2");
      assert.equal(
        message,
        `version 0.1.2 did not work here: it ended twice before it had settled, and ${build.version} runs again`,
      );
      assert.match(hint!, /harbornode upgrade --version 0\.1\.2/);
      assert.notEqual(await daemonPid(), before);
      assert.equal((await device.status())!.daemon.version, build.version);
      const asked = mirror.releases.get("0.1.2")!.asked.length;
      await device.cli("sync", "--wait");
      assert.equal(mirror.releases.get("0.1.2")!.asked.length, asked);
    });

    await t.step(
      "a daemon that is killed in the middle of a download brings it anew, and waits for its window",
      async () => {
        const release = mirror.releases.get("0.1.1")!;
        release.fault = { type: "hanging" };
        await ask('[daemon]\nversion = "0.1.1"\n', { force: false });
        await until("downloading", "0.1.1");
        await eventually("half of it is here", async () => (await Deno.stat(`${executable}.new`)).size > 1e6);
        release.fault = null;
        Deno.kill(await daemonPid(), "SIGKILL");
        assert.match((await until("waiting", "0.1.1")).message, /^a change waits for the maintenance window/);
        assert.equal((await device.status())!.daemon.version, build.version);
        await device.cli("sync", "--force");
        await until("current", "0.1.1");
        const { daemon, device: { state_set_aside } } = (await device.status())!;
        assert.deepEqual([daemon.version, state_set_aside], ["0.1.1", []]);
      },
    );

    await t.step("a version that has settled stays, and the one before lies beside it", async () => {
      await eventually("the trial has ended", async () => !(await names()).includes("harbornode.trial"));
      const left = (await names()).filter((name) => name.startsWith("harbornode"));
      assert.deepEqual(left.sort(), ["harbornode", "harbornode.previous"]);
      const message = `HarborNode 0.1.1 runs now, in place of ${build.version}`;
      await eventually(
        "it is told",
        async () => (await device.status())!.events.some((event) => event.message === message),
      );
      // The older one only by its whole name.
      await ask(`[daemon]\nversion = "${build.version}"\n`);
      assert.match((await until("denied", build.version)).message, /^the repository asks for the older version/);
    });

    await t.step("the command says what is here, and goes back by hand", async () => {
      const already = await device.cli("upgrade", "--version", "0.1.1");
      assert.deepEqual([already.code, already.out], [0, "harbornode 0.1.1 is here already\n"]);
      const missing = await device.cli("upgrade", "--version", "0.5.0");
      assert.deepEqual([missing.code, /there is no version 0\.5\.0 in/.test(missing.err)], [1, true]);
      const check = await device.cli("upgrade", "--check", "--version", "0.1.2");
      assert.deepEqual([check.code, check.out], [0, "harbornode 0.1.2 can be had, and this is 0.1.1\n"]);
      const back = await device.cli("upgrade", "--previous");
      assert.equal(back.code, 0, back.err);
      assert.match(
        back.out,
        new RegExp(`^harbornode ${build.version} is in place, and counts from the daemon's next start on`),
      );
      assert.deepEqual(await Deno.readFile(executable), build.bytes);
      // The daemon's own file has another name by now, and its git process must start all the same.
      await ask("");
      await eventually("the repository is read", async () => (await device.status())!.device.upgrade === null);
      assert.equal((await device.status())!.daemon.version, "0.1.1");
    });

    assert.equal((await device.workload("web"))!.instances[0]!.pid, pid, "what runs has noticed nothing");
    assert.equal((await device.workload("web"))!.instances[0]!.restarts, 0);
  },
);
