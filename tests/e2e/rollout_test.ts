/** Pushes that do not become healthy, and what the device does about them: real processes, a daemon that is killed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { WorkloadStatus } from "../../src/model/snapshot.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, shell } from "../support/repo_backed_device.ts";

const GOOD = `${shell("echo version 1; exec sleep 3600")}health = { min_healthy_time = "200ms" }\n`;
const QUICK = 'restart = { reset_after = "300ms", delay = "10ms", max_delay = "20ms" }\n';
const isProven = (workload: WorkloadStatus) =>
  workload.history.at(-1)?.outcome === "healthy" && workload.health === "healthy";

await testNeeding(
  ["git"],
  "a push that ends again and again goes back to what was healthy, is kept out over a kill of the daemon, and lets the next one in",
  async () => {
    await using pushed = await pushedDevice({ "web.toml": `${GOOD}${QUICK}` });
    const { repository, device } = pushed;
    const first = await device.until("web", isProven);

    // A busy machine may need longer for its start and its end than a run needs that would count as a good one.
    const broken = `${shell("echo so broken; exit 3")}${QUICK.replace("300ms", "1m")}`;
    await repository.write("services/web.toml", broken);
    await repository.commit("Break it");
    const back = await device.until("web", (workload) => workload.phase === "rolled-back");
    assert.equal(back.sync, "out-of-sync");
    assert.equal(back.health, "healthy");
    assert.equal(back.reason, "rolled_back");
    assert.equal(back.fingerprint, first.fingerprint);
    assert.match(back.message, /ended with exit code 3, 5 times/);
    const record = back.history.at(-1)!;
    assert.equal(record.outcome, "rolled-back");
    assert.ok(record.lines.includes("so broken"), record.lines.join("\n"));
    assert.notEqual((await device.cli("sync", "--wait")).code, 0);
    const said = await device.cli("history", "web");
    assert.match(said.out, /rolled-back/);
    assert.match(said.out, /so broken/);

    const pid = back.instances[0]?.pid;
    await device.killDaemon();
    await device.startDaemon();
    const still = await device.until("web", (workload) => workload.phase === "rolled-back");
    assert.equal(still.instances[0]?.pid, pid);
    assert.equal(still.history.length, back.history.length);

    await repository.write("services/web.toml", `${shell("echo version 3; exec sleep 3600")}${QUICK}`);
    await repository.commit("Mend it");
    const mended = await device.until("web", (workload) => workload.sync === "synced" && isProven(workload));
    assert.equal(mended.refused, null);
    assert.notEqual(mended.fingerprint, first.fingerprint);
  },
);

await testNeeding(
  ["git"],
  "a push that is not healthy by its deadline goes back with its last probes, also when the repository is gone",
  async () => {
    await using pushed = await pushedDevice({
      "web.toml": `${shell("exec sleep 3600")}health = { command = ["test", "-e", "/"], interval = "200ms" }\n`,
    });
    const { repository, device, root } = pushed;
    const first = await device.until("web", isProven);

    const probe = 'health = { command = ["sh", "-c", "echo not yet; exit 1"], interval = "200ms", retries = 1 }';
    await repository.write(
      "services/web.toml",
      `${shell("exec sleep 3601")}${probe}\nrollout = { deadline = "3s" }\n`,
    );
    await repository.commit("Never ready");
    await device.until("web", (workload) => workload.rollout !== null && workload.fingerprint !== first.fingerprint);
    await Deno.rename(repository.dir, join(root, "away"));
    const back = await device.until("web", (workload) => workload.phase === "rolled-back");
    assert.equal(back.fingerprint, first.fingerprint);
    assert.match(back.message, /was not healthy within 3s/);
    assert.ok(
      back.history.at(-1)!.probes.some((one) => one.includes("not yet")),
      back.history.at(-1)!.probes.join("\n"),
    );
    const events = (await device.status())!.events.map((event) => event.message);
    assert.ok(events.some((event) => /^web .* failed and goes back to /.test(event)), events.join("\n"));
    const restarts = events.filter((event) => /^started web\[0\]: does not pass/.test(event));
    assert.deepEqual(restarts, [], "its health check restarts nothing that a rollout judges");
  },
);

await testNeeding(
  ["git"],
  "start-first keeps the old process until the new one is healthy, and for good when it never is",
  async () => {
    const probe = (path: string, deadline = "1m") =>
      `health = { command = ["test", "-e", "${path}"], interval = "100ms", on_failure = "none" }\n` +
      `rollout = { strategy = "start-first", deadline = "${deadline}" }\n`;
    await using pushed = await pushedDevice({ "web.toml": `${shell("exec sleep 3600")}${probe("/")}` });
    const { repository, device, root } = pushed;
    const first = await device.until("web", isProven);
    const flag = join(root, "ready");

    await repository.write("services/web.toml", `${shell("exec sleep 3601")}${probe(flag)}`);
    await repository.commit("Ready when told");
    const both = await device.until("web", (workload) => workload.instances.length === 2);
    assert.ok(both.instances.some((instance) => instance.pid === first.instances[0]?.pid));
    await Deno.writeTextFile(flag, "");
    const second = await device.until("web", (workload) => workload.instances.length === 1 && isProven(workload));
    assert.notEqual(second.fingerprint, first.fingerprint);

    await repository.write("services/web.toml", `${shell("exec sleep 3602")}${probe("/nowhere", "4s")}`);
    await repository.commit("Never ready");
    await device.until("web", (workload) => workload.instances.length === 2);
    const back = await device.until(
      "web",
      (workload) => workload.phase === "rolled-back" && workload.instances.length === 1,
    );
    assert.equal(back.instances[0]?.pid, second.instances[0]?.pid);
    assert.equal(back.fingerprint, second.fingerprint);
  },
);

await testNeeding(
  ["git"],
  "the owner rolls back by hand, the workload stays there over pushes of other things, and follows git again when it changes",
  async () => {
    await using pushed = await pushedDevice({ "web.toml": `${GOOD}${QUICK}` });
    const { repository, device } = pushed;
    const first = await device.until("web", isProven);
    const refused = await device.cli("rollback", "web");
    assert.notEqual(refused.code, 0);
    assert.match(refused.err, /"web" has no healthy version before this one\n {2}hint: kept versions of "web"/);
    const unknown = await device.cli("rollback", "wbe");
    assert.match(unknown.err, /there is no workload "wbe" on this device\n {2}hint: this device has: web/);

    await repository.write("services/web.toml", `${shell("exec sleep 3601")}${QUICK}`);
    await repository.commit("Second");
    const second = await device.until(
      "web",
      (workload) => workload.fingerprint !== first.fingerprint && isProven(workload),
    );
    const said = await device.cli("rollback", "web");
    assert.equal(said.code, 0, said.err);
    assert.match(said.out, /web goes back to [0-9a-f]{7} of revision [0-9a-f]{7}, until git asks for something else/);
    const rolledBack = await device.until(
      "web",
      (workload) => workload.sync === "suspended" && workload.phase === "running",
    );
    assert.equal(rolledBack.fingerprint, first.fingerprint);

    await repository.write("services/other.toml", shell("exec sleep 3600"));
    await repository.commit("Something else");
    await device.until("other", (workload) => workload.phase === "running");
    assert.equal((await device.workload("web"))?.sync, "suspended");

    const again = await device.cli("rollback", "web", "--to", second.fingerprint!.slice(0, 8));
    assert.match(again.out, /follows git again/);
    await device.until("web", (workload) => workload.fingerprint === second.fingerprint && workload.sync === "synced");

    const notKept = await device.cli("rollback", "web", "--to", "ffffffff");
    assert.match(notKept.err, /"ffffffff" is no kept version/);
  },
);

await testNeeding(
  ["git"],
  "a daemon that is killed in the middle of a rollout leaves a note, and the next one ends what it began",
  async () => {
    await using pushed = await pushedDevice({
      "web.toml": `${shell("trap '' TERM; while :; do sleep 1; done")}stop_timeout = "20s"\n${QUICK}`,
    });
    const { repository, device } = pushed;
    const first = await device.until("web", isProven);
    await repository.write("services/web.toml", `${shell("exec sleep 3601")}stop_timeout = "1s"\n${QUICK}`);
    await repository.commit("Second");
    await eventually("the stop is under way", async () => (await device.workload("web"))?.phase === "stopping");
    await device.killDaemon();
    await device.startDaemon();
    const second = await device.until(
      "web",
      (workload) => workload.fingerprint !== first.fingerprint && isProven(workload),
    );
    assert.equal(second.instances.length, 1);
    const cut = (await device.status())!.events.find((event) => event.reason === "interrupted");
    assert.match(
      cut?.message ?? "",
      /web: the daemon ended while it was to prepare web, stop web\[0\], start web\[0\]/,
    );
  },
);

await testNeeding(
  ["git"],
  "with scope = revision a push goes back as a whole, over a kill of the daemon, and what it removed stays",
  async () => {
    const extra = ["[runtime]", "docker_enabled = false", "[rollout]", 'scope = "revision"'];
    const service = (version: number) => `${shell(`exec sleep ${3600 + version}`)}${QUICK}`;
    await using pushed = await pushedDevice(
      { "api.toml": service(1), "web.toml": service(1), "old.toml": service(1) },
      { extra },
    );
    const { repository, device } = pushed;
    const names = ["api", "old", "web"];
    const before = new Map<string, string | null>();
    for (const name of names) before.set(name, (await device.until(name, isProven)).fingerprint);

    await repository.write("services/api.toml", service(2));
    await repository.write("services/web.toml", `${shell("exit 3")}${QUICK}`);
    await repository.write("services/new.toml", service(1));
    await repository.remove("services/old.toml");
    const broken = await repository.commit("Half of it works");
    const isBack = async () => {
      for (const name of names) {
        const { phase, health, fingerprint, instances } = (await device.workload(name)) ?? { instances: [] };
        if (health !== "healthy" || fingerprint !== before.get(name) || instances.length !== 1) return false;
        if (name !== "old" && phase !== "rolled-back") return false;
      }
      const added = await device.workload("new");
      return added?.phase === "rolled-back" && added.instances.length === 0;
    };
    await eventually("all of it went back", isBack);
    await device.killDaemon();
    await device.startDaemon();
    await eventually("all of it is as it was", isBack);
    const { events, source } = (await device.status())!;
    assert.equal(
      events.filter((event) => event.message.includes("goes back with")).length,
      0,
      "it was taken back again",
    );
    assert.equal(source.attempted, broken);
    assert.notEqual(source.applied, broken);

    await repository.write("services/web.toml", service(3));
    const mended = await repository.commit("Now it works");
    await eventually("all of it is applied", async () => (await device.status())?.source.healthy === mended);
    assert.equal(await device.workload("old"), undefined);
  },
);
