/** A config.toml that is edited while the daemon runs: what it does then, and what no workload notices. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/demo_daemon.ts";
import type { TestDevice } from "../support/device.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, SLEEP } from "../support/repo_backed_device.ts";

/** Replaces a line of config.toml. */
async function edit(device: TestDevice, from: string | RegExp, to: string): Promise<void> {
  const text = await Deno.readTextFile(device.config);
  assert.ok(text.search(from) >= 0, `no ${from} in ${text}`);
  await Deno.writeTextFile(device.config, text.replace(from, to));
}

/** What a process holds: open files by kind, and threads. */
async function held(pid: number) {
  const links = await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`), async ({ name }) => {
    const link = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "closed");
    return link.replace(/:\[\d+\]/, "").replace(/harbornode-test-\w+/, "");
  });
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return { files: links.toSorted(), threads: number("Threads"), rss: number("VmRSS") };
}

async function startedAt(device: TestDevice): Promise<string> {
  return (await device.status())!.daemon.started_at;
}

await testNeeding(
  ["git"],
  "settings are read again: good ones at once, bad ones never, and no workload notices",
  async () => {
    await using here = await pushedDevice({ "web.toml": SLEEP, "db.toml": SLEEP });
    const { device } = here;
    const pids = async () =>
      (await device.status())!.workloads.flatMap((workload) => workload.instances.map(({ pid }) => pid));
    const all = await eventually("both run", async () => {
      const found = await pids();
      return found.length === 2 && found.every((pid) => pid !== null) && found;
    });
    const daemon = device.daemonPid;
    const original = await Deno.readTextFile(device.config);

    assert.deepEqual(await device.cli("reload"), { code: 0, out: "nothing has changed\n", err: "" });
    const before = await startedAt(device);

    await edit(device, /^device = .*/m, 'device = "test-device"\nlabels = { room = "hall" }\nlisten_prot = 1');
    await edit(device, "[policy]", '[log]\nlevel = "loud"\n[policy]');
    const bad = await device.cli("reload");
    assert.equal(bad.code, 3);
    assert.match(bad.err, /^error: .*config\.toml:3:1: listen_prot: /);
    assert.match(bad.err, /: log\.level: .*\n[^]*2 problems in 1 file; the settings before stay in force\n$/);
    assert.equal((await device.cli("status")).code, 0, "a config.toml with problems keeps nobody from looking");
    assert.equal(await startedAt(device), before);

    await Deno.writeTextFile(device.config, original);
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await edit(device, /^listen_port = .*/m, `listen_port = ${taken.addr.port}`);
    const conflict = await device.cli("reload");
    assert.equal(conflict.code, 1);
    assert.match(
      conflict.err,
      /^error: port \d+ on 127\.0\.0\.1 is taken by another program\n {2}hint: .*stay in force\n$/,
    );
    taken.close();

    await Deno.writeTextFile(device.config, original);
    await edit(device, "docker_enabled = false", "docker_enabled = false\nnative_enabled = false");
    const nothing = await device.cli("reload");
    assert.equal(nothing.code, 3, nothing.err);
    assert.match(
      nothing.err,
      /^error: .* both runtimes are switched off; the settings before stay in force\n {2}hint: /,
    );
    assert.equal((await device.status())!.device.labels.room, undefined);

    await Deno.writeTextFile(device.config, original.replace(/^device = .*/m, '$&\ndata_dir = "elsewhere"'));
    const moved = await device.cli("reload", "--config", device.config);
    assert.equal(moved.code, 4, "the daemon is looked for where the settings say");
    assert.match(
      moved.err,
      /^error: no daemon answers on .*\n {2}hint: start it with .*; one that runs keeps its data_dir/,
    );
    await Deno.writeTextFile(device.config, original.replace(/^device = .*/m, '$&\ndata_dir = "elsewhere"'));
    Deno.kill(daemon, "SIGHUP");
    await eventually(
      "the log says why",
      () => /data_dir: is ".*elsewhere", and the daemon that runs has/.test(device.log),
    );

    const port = await freePort();
    await Deno.writeTextFile(device.config, original);
    await edit(device, /^device = .*/m, '$&\nlabels = { room = "hall" }');
    await edit(device, /^listen_port = .*/m, `listen_port = ${port}`);
    const good = await device.cli("reload");
    assert.deepEqual(good, { code: 0, out: "changed: labels, listen_port\n", err: "" });
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/status`);
    const snapshot = await answer.json();
    assert.equal(snapshot.device.labels.room, "hall");
    assert.equal(snapshot.daemon.pid, daemon);

    await Deno.writeTextFile(device.config, original);
    Deno.kill(daemon, "SIGHUP");
    await eventually("a hangup brings the first settings back", async () => {
      return (await device.status())?.device.labels.room === undefined && await startedAt(device) > before;
    });
    assert.deepEqual(
      await eventually("both are known again", async () => {
        const found = await pids().catch(() => []);
        return found.length === 2 && found;
      }),
      all,
    );
  },
);

await testNeeding(["git"], "fifty reloads leave nothing behind: no files, no threads, no memory", async () => {
  await using here = await pushedDevice({ "web.toml": SLEEP });
  const { device } = here;
  const { pid } = (await device.until("web", (workload) => workload.phase === "running")).instances[0]!;
  const reload = async (round: number) => {
    await edit(device, /^device = .*(\nlabels.*)?/m, `device = "test-device"\nlabels = { round = "${round}" }`);
    const before = await startedAt(device);
    Deno.kill(device.daemonPid, "SIGHUP");
    await eventually(`round ${round} has begun`, async () => {
      const status = await device.status();
      return status?.device.labels.round === String(round) && status.daemon.started_at > before &&
        status.workloads[0]?.instances[0]?.pid === pid;
    });
  };
  for (let round = 0; round < 5; round++) await reload(round);
  // What has just changed is still being written.
  const before = await eventually("nothing is being written", async () => {
    const now = await held(device.daemonPid);
    return !now.files.some((file) => file.includes("/state/")) && now;
  });
  for (let round = 5; round < 55; round++) await reload(round);
  const after = await eventually("nothing more is open than before", async () => {
    const now = await held(device.daemonPid);
    if (JSON.stringify(now.files) !== JSON.stringify(before.files)) throw new Error(`${before.files}\n${now.files}`);
    return now;
  });
  // Deno keeps threads for blocking work, more or fewer.
  assert.ok(after.threads < before.threads + 6, `${before.threads} threads, then ${after.threads}`);
  assert.ok(after.rss < before.rss + 20_000, `${before.rss} kB, then ${after.rss} kB`);
});
