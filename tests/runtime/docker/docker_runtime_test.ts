import assert from "node:assert/strict";
import { dockerCall } from "../../support/docker_image.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { tempDir } from "../../support/temp.ts";
import { createForeign, type DockerDevice, dockerDevice, inspect } from "./docker_device.ts";

const DOCKER = ["docker", "busybox"] as const;
const sh = (script: string) => ["/bin/sh", "-c", script];
/** Ends at once when it is told to: pid 1 takes only signals that it asked for. */
const UNTIL_TERM = sh("trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done");

/** A signal that comes before the trap is set is lost. */
async function saysReady(device: DockerDevice, workload: string, instances = 1): Promise<void> {
  await eventually("it is ready", async () => {
    const lines = await Array.fromAsync(device.runtime.logs(workload, { tail: 10, follow: false }));
    return lines.filter((line) => line.text === "ready").length === instances;
  });
}

await testNeeding([...DOCKER], "docker starts, shows and stops each replica of a workload", async () => {
  await using device = await dockerDevice();
  const workload = device.workload({ command: UNTIL_TERM, replicas: 2 });
  const started = [await device.start(workload), await device.start(workload, { slot: 1 })];
  assert.deepEqual(started.map(({ slot, state }) => [slot, state]), [[0, "running"], [1, "running"]]);
  const seen = await device.look(started[1]!.id);
  assert.equal(seen?.workload, workload.name);
  assert.ok(seen.pid !== null && seen.startedAt !== null);
  await saysReady(device, workload.name, 2);
  await device.runtime.stop(started[1]!, { signal: "SIGTERM", timeoutMs: 60_000 });
  const stopped = await device.look(started[1]!.id);
  assert.deepEqual([stopped?.state, stopped?.exitCode, stopped?.pid], ["exited", 0, null]);
  assert.equal((await device.look(started[0]!.id))?.state, "running");
});

await testNeeding([...DOCKER], "docker kills a container that ignores its signal", async () => {
  await using device = await dockerDevice();
  const instance = await device.start(device.workload({ command: sh("trap '' TERM; while :; do sleep 1; done") }));
  await device.runtime.stop(instance, { signal: "SIGTERM", timeoutMs: 200 });
  assert.equal((await device.look(instance.id))?.exitCode, 137);
});

await testNeeding([...DOCKER], "docker stops with the signal that is asked for", async () => {
  await using device = await dockerDevice();
  const command = sh("trap 'exit 7' USR1; echo ready; while :; do sleep 0.1; done");
  const instance = await device.start(device.workload({ command }));
  await saysReady(device, instance.workload);
  await device.runtime.stop(instance, { signal: "SIGUSR1", timeoutMs: 60_000 });
  assert.equal((await device.look(instance.id))?.exitCode, 7);
});

await testNeeding(
  [...DOCKER],
  "docker shows a container that was frozen by hand, and stops it by its signal",
  async () => {
    await using device = await dockerDevice();
    const command = sh("trap 'exit 5' USR2; echo ready; while :; do sleep 0.1; done");
    const instance = await device.start(device.workload({ command }));
    await saysReady(device, instance.workload);
    await dockerCall(`/containers/${instance.id}/pause`, { method: "POST" });
    assert.equal((await device.look(instance.id))?.state, "paused");
    await device.runtime.stop(instance, { signal: "SIGUSR2", timeoutMs: 60_000 });
    assert.equal((await device.look(instance.id))?.exitCode, 5);
  },
);

await testNeeding([...DOCKER], "docker starts an ended container of the same fingerprint again", async () => {
  await using device = await dockerDevice();
  const workload = device.workload({ command: sh("exit 3") });
  const first = await device.start(workload);
  const ended = await eventually("it ended", async () => {
    const seen = await device.look(first.id);
    return seen?.state === "exited" && seen;
  });
  assert.equal(ended.exitCode, 3);
  assert.ok(ended.endedAt !== null && ended.endedAt >= ended.startedAt!);
  const second = await device.start(workload, { previous: ended });
  assert.equal(second.id, first.id);
  assert.ok(second.startedAt! > first.startedAt!);
});

await testNeeding([...DOCKER], "docker replaces an ended container of another fingerprint", async () => {
  await using device = await dockerDevice();
  const before = await device.start(device.workload({ command: UNTIL_TERM }));
  const changed = device.workload({ command: UNTIL_TERM, env: { COLOR: "green" } });
  await assert.rejects(device.start(changed, { previous: before }), { reason: "stop_failed" });
  await device.runtime.stop(before, { signal: "SIGTERM", timeoutMs: 60_000 });
  const after = await device.start(changed, { previous: before });
  assert.notEqual(after.id, before.id);
  assert.equal(await device.look(before.id), undefined);
});

await testNeeding(
  [...DOCKER],
  "docker replaces a container of its own that was created and never started",
  async () => {
    await using device = await dockerDevice();
    const workload = device.workload({ command: UNTIL_TERM });
    await using half = await createForeign(`harbornode-${workload.name}-0`, {
      image: device.image,
      labels: {
        "harbornode.device": device.id,
        "harbornode.workload": workload.name,
        "harbornode.slot": "0",
        "harbornode.fingerprint": "0123456789abcdef",
      },
    });
    assert.equal((await device.look(half.id))?.state, "created");
    const instance = await device.start(workload);
    assert.equal(instance.state, "running");
    assert.equal(await inspect(half.id), null);
  },
);

await testNeeding([...DOCKER], "docker start called twice gives the same container", async () => {
  await using device = await dockerDevice();
  const workload = device.workload({ command: UNTIL_TERM });
  assert.equal((await device.start(workload)).id, (await device.start(workload)).id);
});

await testNeeding(
  [...DOCKER],
  "docker leaves a foreign container of the same name alone and says name_conflict",
  async () => {
    await using device = await dockerDevice();
    const workload = device.workload({ command: UNTIL_TERM });
    const name = `harbornode-${workload.name}-0`;
    await using foreign = await createForeign(name, { image: device.image, labels: {} });
    await assert.rejects(device.start(workload), { name: "Failure", reason: "name_conflict" });
    assert.equal((await inspect(foreign.id))?.Name, `/${name}`);
  },
);

await testNeeding(
  [...DOCKER],
  "docker has room for two devices: the second one's container has a longer name",
  async () => {
    await using one = await dockerDevice();
    await using other = await dockerDevice();
    const workload = one.workload({ command: UNTIL_TERM });
    const [first, second] = [await one.start(workload), await other.start(workload)];
    const name = `/harbornode-${workload.name}-0`;
    assert.equal((await inspect(first.id))?.Name, name);
    assert.equal((await inspect(second.id))?.Name, `${name}-${other.id.slice(0, 8)}`);
    assert.equal((await other.start(workload)).id, second.id);
    assert.equal((await one.look(first.id))?.state, "running");
  },
);

await testNeeding(
  [...DOCKER],
  "docker never sees, stops or removes a container without the device's label",
  async () => {
    await using device = await dockerDevice();
    const workload = device.workload({ command: UNTIL_TERM });
    await using bystander = await createForeign(`bystander-${device.id}`, {
      image: device.image,
      labels: {
        "harbornode.device": "another",
        "harbornode.workload": workload.name,
        "harbornode.slot": "0",
        "harbornode.fingerprint": "0123456789abcdef",
      },
    });
    await dockerCall(`/containers/${bystander.id}/start`, { method: "POST" });
    const instance = await device.start(device.workload({ command: UNTIL_TERM }));
    const posing = { ...instance, id: bystander.id, containerId: bystander.id };
    await device.runtime.stop(posing, { signal: "SIGKILL", timeoutMs: 0 });
    await device.runtime.remove({ ...posing, state: "exited" });
    assert.equal(await device.look(bystander.id), undefined);
    assert.equal((await inspect(bystander.id))?.State.Status, "running");
  },
);

await testNeeding([...DOCKER], "docker removes what ended, not what runs, and calling twice is harmless", async () => {
  await using device = await dockerDevice();
  const instance = await device.start(device.workload({ command: UNTIL_TERM }));
  await assert.rejects(device.runtime.remove(instance), { reason: "stop_failed" });
  await device.runtime.stop(instance, { signal: "SIGKILL", timeoutMs: 0 });
  await device.runtime.stop(instance, { signal: "SIGKILL", timeoutMs: 0 });
  await device.runtime.remove(instance);
  await device.runtime.remove(instance);
  await device.runtime.stop(instance, { signal: "SIGKILL", timeoutMs: 0 });
  assert.equal(await inspect(instance.id), null);
});

await testNeeding(
  [...DOCKER],
  "docker names the reason when a container cannot be started, and leaves none behind",
  async () => {
    await using device = await dockerDevice();
    const cases = [
      { fields: { command: ["/bin/nope"] }, reason: "command_not_found" },
      { fields: { command: ["nope"] }, reason: "command_not_found" },
      { fields: { command: ["/etc/passwd"] }, reason: "command_not_found" },
      { fields: { user: "nobody-here" }, reason: "user_unknown" },
      { fields: { image: `${device.image}-missing` }, reason: "image_not_found" },
    ];
    for (const { fields, reason } of cases) {
      await assert.rejects(device.start(device.workload(fields)), { name: "Failure", reason }, JSON.stringify(fields));
      const observation = await device.runtime.observe();
      assert.ok(observation.ok && observation.instances.length === 0);
    }
  },
);

await testNeeding(
  [...DOCKER],
  "docker gives a container its env, user, working directory, limits and labels",
  async () => {
    await using device = await dockerDevice();
    const workload = device.workload({
      command: sh('echo "$GREETING $(id -u) $(pwd)"; sleep 1000'),
      env: { GREETING: "hello = world" },
      user: "ada",
      workingDir: "/tmp",
      resources: { memoryBytes: 64 * 1024 * 1024, cpus: 0.5, pids: 32 },
    });
    const instance = await device.start(workload);
    const lines = await eventually("it spoke", async () => {
      const all = await Array.fromAsync(device.runtime.logs(workload.name, { tail: 10, follow: false }));
      return all.length > 0 && all;
    });
    assert.equal(lines[0]?.text, "hello = world 1000 /tmp");
    const host = (await inspect(instance.id))?.HostConfig as Record<string, unknown>;
    assert.deepEqual([host.Memory, host.NanoCpus, host.PidsLimit], [64 * 1024 * 1024, 500_000_000, 32]);
    assert.deepEqual(host.SecurityOpt, ["no-new-privileges"]);
    assert.deepEqual(host.RestartPolicy, { Name: "no", MaximumRetryCount: 0 });
  },
);

await testNeeding(
  [...DOCKER],
  "docker mounts the workload's files read only, and keeps a volume when its container goes",
  async () => {
    const volume = `harbornode-test-${crypto.randomUUID()}`;
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => void await dockerCall(`/volumes/${volume}?force=1`, { method: "DELETE" }));
    await using device = await dockerDevice();
    await using dir = await tempDir();
    await Deno.chmod(dir.path, 0o755);
    await Deno.mkdir(`${dir.path}/site`);
    await Deno.writeTextFile(`${dir.path}/site/index.html`, "from git");
    const workload = device.workload({
      command: sh("cat /site/index.html; touch /site/new; touch /data/kept; df /scratch | tail -1; sleep 1000"),
      mounts: [
        { type: "files", source: "site", target: "/site", readOnly: false },
        { type: "volume", source: volume, target: "/data", readOnly: false },
        { type: "tmpfs", target: "/scratch", sizeBytes: 1024 * 1024 },
      ],
    });
    const instance = await device.start(workload, { filesDir: dir.path });
    const text = await eventually("all three were tried", async () => {
      const lines = await Array.fromAsync(device.runtime.logs(workload.name, { tail: 10, follow: false }));
      const text = lines.map((line) => line.text).join("\n");
      return text.includes("/scratch") && text;
    });
    assert.match(text, /from git/);
    assert.match(text, /Read-only file system/);
    assert.match(text, /tmpfs +1024 /);
    await device.runtime.stop(instance, { signal: "SIGKILL", timeoutMs: 0 });
    await device.runtime.remove(instance);
    assert.equal((await dockerCall(`/volumes/${volume}`)).status, 200);
    const again = await device.start(device.workload({ ...workload, command: sh("ls /data; sleep 1000") }), {
      filesDir: dir.path,
    });
    const kept = await eventually("the new one listed its volume", async () => {
      const lines = await Array.fromAsync(device.runtime.logs(again.workload, { tail: 10, follow: false }));
      return lines[0]?.text;
    });
    assert.equal(kept, "kept");
  },
);

await testNeeding([...DOCKER], "docker runs a command in the container and ends it when the time is up", async () => {
  await using device = await dockerDevice();
  const workload = device.workload({ command: UNTIL_TERM });
  const instance = await device.start(workload);
  const run = (command: string[], signal = AbortSignal.timeout(60_000)) =>
    device.runtime.execute(instance, workload, command, signal);
  const { exitCode, output } = await run(sh("echo out; echo err >&2; exit 4"));
  assert.equal(exitCode, 4);
  assert.deepEqual(output.trim().split("\n").sort(), ["err", "out"]);
  assert.ok([126, 127].includes((await run(["/bin/nope"])).exitCode));

  const controller = new AbortController();
  const long = run(["/bin/sleep", "4242"], controller.signal);
  const runs = async () => (await dockerCall(`/containers/${instance.id}/top`)).text.includes("4242");
  await eventually("the command runs", runs);
  controller.abort(new Error("too long"));
  await assert.rejects(long, /too long/);
  if (Deno.uid() === 0) await eventually("the command is gone", async () => !await runs());
});
