/** One line installs HarborNode on a booted device, from a release and a repository on another machine. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { GitServer } from "../support/git_server.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { ARCHITECTURE, Machine } from "./machine.ts";

/** Emulated machines are slow; nothing here is about time. */
const PATIENT = { deadlineMs: 120_000, everyMs: 1000 };

/** How the machine names the loopback of this one. */
const HERE = "http://10.0.2.2";

const LAMP = 'command = ["/bin/sh", "-c", "echo on >>$STATE_DIRECTORY/switched; exec sleep 100000"]\n';

/** What comes and goes by itself: logs, sessions, kernel threads, and those who look. */
const RESTLESS =
  "^/(tmp|var/(log|tmp|cache|lib/systemd)|run/(log|user|udev|systemd|sshd)|dev/(pts|char|input)|root/\\.ssh)|" +
  "session-[0-9c]+\\.scope|user@|user-[0-9]+\\.slice|run-|^\\[|^(ps|find|sort|grep|diff|sh|bash|sshd|\\(sd-pam\\)|\\(udev-worker\\))|systemd-(tmpfiles|hostnamed|timedated)";

/** All of the machine: its files, its control groups, and what it runs. */
const EVERYTHING = `{ find / /run /dev /sys/fs/cgroup -xdev; ps -e -o args=; } 2>/dev/null |
  grep -v -E '${RESTLESS}' | sort -u`;

/** Says its version, and does nothing else. */
const BROKEN = "#!/bin/sh\n" +
  '[ "$1" != version ] || exec echo "harbornode 9.9.9 (abc1234)"\n' +
  'echo "error: broken on purpose" >&2\nexit 1\n';

/** The release folder on a port of this machine, with install.sh beside the executables; below broken/ a broken one. */
async function serveRelease(dist: string) {
  const asset = `harbornode-linux-${ARCHITECTURE}`;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(BROKEN))).toHex();
  const broken = new Map([
    [`broken/${asset}`, BROKEN],
    ["broken/SHA256SUMS", `# harbornode 9.9.9 abc1234\n${digest}  ${asset}\n`],
  ]);
  const installer = new URL("../../install.sh", import.meta.url);
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async ({ url }) => {
    const name = new URL(url).pathname.slice(1);
    if (broken.has(name)) return new Response(broken.get(name)!);
    const file = await Deno.open(name === "install.sh" ? installer : join(dist, name)).catch(() => null);
    return file === null ? new Response("no", { status: 404 }) : new Response(file.readable);
  });
}

await testNeeding(
  ["device", "dist", "git"],
  "one line makes a booted machine a device; purge leaves nothing",
  async () => {
    await using dir = await tempDir();
    const repository = await GitRepository.create(join(dir.path, "fleet"));
    await repository.write("services/lamp.toml", LAMP);
    await repository.commit("A lamp");
    await using git = await GitServer.start(dir.path);
    await using release = await serveRelease(Deno.env.get("HARBORNODE_TEST_DIST")!);
    await using machine = await Machine.boot();
    const from = `${HERE}:${release.addr.port}`;
    const install = (args: string, base = from) =>
      machine.sh(`export HARBORNODE_BASE_URL=${base}
        curl -fsSL ${from}/install.sh | sh -s -- ${args} 2>&1; echo "code $?"`);
    const page = `http://${await machine.reach(3080)}`;
    const lamp = async () => {
      const snapshot = await (await fetch(`${page}/api/v1/status`)).json() as Snapshot;
      const one = snapshot.workloads.find(({ name }) => name === "lamp");
      assert.equal(one?.phase, "running");
      return one.instances[0]!;
    };
    await machine.sh(`${EVERYTHING} >/tmp/before`);
    const fleet = `--repo ${HERE}:${new URL(git.origin).port}/fleet --label room=hall`;

    const first = await install(fleet);
    assert.match(first, /page +http:\/\/10\.0\.2\.15:3080\/\n/);
    assert.match(first, /recipient +age1[0-9a-z]+\n/);
    const { pid } = await eventually("the lamp runs", lamp, PATIENT);
    assert.match(await (await fetch(page)).text(), /lamp/);

    const daemon = await machine.sh("systemctl show -P MainPID harbornode");
    assert.match(await install(""), /Nothing changed: HarborNode/);
    assert.equal(await machine.sh("systemctl show -P MainPID harbornode"), daemon, "the daemon was restarted");

    const worse = await install("", `${from}/broken`);
    assert.match(worse, /HarborNode 9\.9\.9 did not get ready[^]*error: broken on purpose/);
    assert.match(worse, /what was here before is back in place, and runs\ncode 1\n$/);
    assert.equal((await lamp()).pid, pid);

    const removed = await install("--uninstall");
    assert.match(removed, /This runs on[^]*lamp[^]*What stays: \/etc\/harbornode and \/etc\/harbornode\/data/);
    assert.equal(
      (await machine.sh("ls /usr/local/bin /etc/systemd/system/harbornode* 2>/dev/null || :")).trim(),
      "/usr/local/bin:",
    );
    assert.equal(await machine.sh("cat /etc/harbornode/data/services/lamp/switched"), "on\n");
    await machine.sh(`kill -0 ${pid}`);

    await install("");
    assert.equal((await eventually("the lamp is known again", lamp, PATIENT)).pid, pid, "what ran on was started anew");

    assert.match(await install("--purge"), /\+ \S+ down /);
    assert.equal(await machine.sh(`${EVERYTHING} | diff /tmp/before - || :`), "");
  },
);
