/**
 * Another version on a booted device, by the command and by git: one that works stays, one that does not goes back by
 * itself, however it fails, and what the device runs goes on all the while.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { Mirror } from "../upgrade/mirror.ts";
import { asVersion, brokenBuild, thisBuild } from "../upgrade/other_build.ts";
import { ARCHITECTURE, Machine } from "./machine.ts";

/** This machine's loopback, as the device sees it. */
const HOST = "10.0.2.2";
/** Emulated machines are slow; nothing here is about time. */
const PATIENT = { deadlineMs: 240_000, everyMs: 1000 };
const SERVICE = 'command = ["/bin/sleep", "100000"]\n';
/** A start may take three minutes; one that never ends should not here. */
const settings = (releaseUrl: string) =>
  `cat >/etc/harbornode/config.toml <<'END'
[repo]
url = "/srv/fleet"
interval = "2s"
[runtime]
docker_enabled = false
[policy]
daemon_versions = ["0.1.*"]
[daemon]
release_url = "${releaseUrl}"
END
mkdir -p /etc/systemd/system/harbornode.service.d
printf '[Service]\nTimeoutStartSec=30s\n' >/etc/systemd/system/harbornode.service.d/soon.conf
systemctl daemon-reload
systemctl restart harbornode`;

await testNeeding(
  ["device", "dist", "git"],
  "a booted device changes its version, and goes back from what does not work",
  async (t) => {
    const build = await thisBuild(ARCHITECTURE);
    await using mirror = await Mirror.start([
      asVersion(build, "0.1.1"),
      brokenBuild("0.1.2", "exit 1"),
      brokenBuild("0.1.3", "exec sleep 1000"),
      asVersion(build, "0.1.5"),
    ], ARCHITECTURE);
    await using machine = await Machine.start({ services: { web: SERVICE } });
    await machine.sh(settings(mirror.url(HOST)));
    const status = async () =>
      JSON.parse(await machine.sh("cd /etc/harbornode && harbornode status --json")) as Snapshot;
    const web = async () => (await status()).workloads.find((workload) => workload.name === "web")?.instances[0];
    const before = await eventually("the service runs", async () => {
      const one = await web();
      return one?.pid ? one : null;
    }, PATIENT);
    /** What it says, and its exit code at the end. */
    const upgrade = (words: string) =>
      machine.sh(`cd /etc/harbornode && harbornode upgrade ${words} 2>&1; echo "code $?"`);
    const runs = async (version: string) => {
      assert.equal((await status()).daemon.version, version);
      assert.match(await machine.sh("harbornode version"), new RegExp(`^harbornode ${version} `));
      const { pid, started_at, restarts } = (await web())!;
      assert.deepEqual({ pid, started_at, restarts }, { pid: before.pid, started_at: before.started_at, restarts: 0 });
    };

    await t.step("one that is never ready goes back", async () => {
      const message = await upgrade("--version 0.1.3");
      const back = `error: harbornode 0.1.3 did not work here: it was not ready in time, and ${build.version} is back`;
      assert.ok(message.includes(back) && message.includes("code 1"), message);
      await eventually("the one before answers", () => status().catch(() => null), PATIENT);
      await runs(build.version);
    });

    await t.step("one that works stays, by the command", async () => {
      const message = await upgrade("--version 0.1.1");
      assert.match(message, /harbornode 0\.1\.1 runs, and 1 of 1 instance ran on untouched\ncode 0\n$/, message);
      await runs("0.1.1");
      assert.match(await machine.sh("ls /usr/local/bin"), /^harbornode\nharbornode\.previous\n$/);
    });

    await t.step("one that git asks for, after one that does not work", async () => {
      await using dir = await tempDir();
      const repository = await GitRepository.create(join(dir.path, "fleet"));
      await repository.write("services/web.toml", SERVICE);
      const ask = async (version: string) => {
        await repository.write("harbornode.toml", `[daemon]\nversion = "${version}"\n`);
        await repository.commit(`Version ${version}`);
        const tar = await new Deno.Command("tar", {
          args: ["-C", dir.path, "--owner=0", "--group=0", "-cf", "-", "fleet"],
        })
          .output();
        mirror.files.set("fleet.tar", new Uint8Array(tar.stdout));
        await machine.sh(`rm -rf /srv/fleet; curl -fsS ${mirror.top(HOST)}/fleet.tar | tar -C /srv -xf -`);
      };
      const shows = async (state: string) =>
        await eventually(`the upgrade is ${state}`, async () => {
          const { device } = await status();
          if (device.upgrade?.state === state) return device.upgrade;
          throw new Error(JSON.stringify(device.upgrade));
        }, PATIENT);
      await ask("0.1.2");
      assert.match((await shows("refused")).message, /^version 0\.1\.2 did not work here: it ended twice/);
      await runs("0.1.1");
      await ask("0.1.5");
      await shows("current");
      await runs("0.1.5");
      await eventually(
        "it has settled",
        () => machine.sh("test ! -e /usr/local/bin/harbornode.trial && echo yes"),
        PATIENT,
      );
    });
  },
);
