/** As whom services run: read back from /proc of real processes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Failure } from "../../../../src/failure.ts";
import type { NativeWorkload } from "../../../../src/model/workload.ts";
import { freePort } from "../../../support/demo_daemon.ts";
import { eventually } from "../../../support/eventually.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { native } from "../../../support/workload.ts";
import { instances, start } from "../../conformance.ts";
import { BOUNDS, nativeDevice } from "../native_device.ts";
import { onlyId, SLEEP, startAs } from "./credentials.ts";

const POLICY = BOUNDS.policy;
const NONE = "0000000000000000";

async function refuses(
  policy: Partial<typeof POLICY>,
  fields: Partial<NativeWorkload>,
  expected: { reason: string; text: RegExp; hint?: RegExp },
): Promise<void> {
  await using device = await nativeDevice({ policy: { ...POLICY, ...policy } });
  const workload = native({ command: SLEEP, ...fields });
  const never = new AbortController().signal;
  const tries = [() => device.runtime.prepare(workload, () => {}, never), () => start(device.runtime, workload)];
  for (const attempt of tries) {
    await assert.rejects(attempt(), (error) => {
      assert.ok(error instanceof Failure, String(error));
      assert.equal(error.reason, expected.reason, error.message);
      assert.match(error.message, expected.text);
      if (expected.hint !== undefined) assert.match(error.hint ?? "", expected.hint);
      return true;
    });
  }
  assert.deepEqual(await instances(device.runtime), []);
}

await testNeeding(
  ["root"],
  "a service that names no user has one of its own, with no group, right or way back",
  async () => {
    await using device = await nativeDevice();
    const { pid, status } = await startAs(device, { name: "web" });
    const uid = onlyId(status.Uid);
    assert.ok(uid >= 64_000 && uid <= 64_999, String(uid));
    assert.equal(onlyId(status.Gid), uid);
    assert.equal(status.Groups, "");
    assert.equal(status.NoNewPrivs, "1");
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) assert.equal(status[set], NONE, set);
    const environ = (await Deno.readTextFile(`/proc/${pid}/environ`)).split("\0");
    const directory = join(device.root, "services/web");
    for (const pair of [`HOME=${directory}`, `STATE_DIRECTORY=${directory}`, `USER=${uid}`]) {
      assert.ok(environ.includes(pair), pair);
    }
    const info = await Deno.stat(directory);
    assert.deepEqual([info.uid, info.gid, info.mode! & 0o777], [uid, uid, 0o700]);
  },
);

await testNeeding(["root"], "two services have two users, and neither reads what the other wrote", async () => {
  await using device = await nativeDevice();
  const [a, b] = await Promise.all([startAs(device, { name: "a" }), startAs(device, { name: "b" })]);
  assert.notEqual(onlyId(a.status.Uid), onlyId(b.status.Uid));
  await Deno.writeTextFile(join(device.root, "services/a/secret"), "x", { mode: 0o644 });
  const one = (await instances(device.runtime)).find((each) => each.workload === "b")!;
  const cat = ["/bin/cat", join(device.root, "services/a/secret")];
  const signal = AbortSignal.timeout(60_000);
  const result = await device.runtime.execute(one, native({ name: "b", command: SLEEP }), cat, signal);
  assert.equal(result.exitCode, 1);
  assert.match(result.output, /Permission denied/);
});

await testNeeding(
  ["root"],
  "many services that are new at once have a user each, until the range is full",
  async () => {
    await using device = await nativeDevice({ uidRange: { from: 64_990, to: 64_994 } });
    const names = ["a", "b", "c", "d", "e"];
    const started = await Promise.all(names.map((name) => startAs(device, { name })));
    const uids = started.map(({ status }) => onlyId(status.Uid)).sort();
    assert.deepEqual(uids, [64_990, 64_991, 64_992, 64_993, 64_994]);
    await assert.rejects(start(device.runtime, native({ name: "f", command: SLEEP })), /every user of uid_range/);
  },
);

await testNeeding(["root"], "the user of a service is found again on its state folder, and nowhere else", async () => {
  await using device = await nativeDevice();
  const directory = join(device.root, "services/web");
  await Deno.mkdir(directory, { recursive: true });
  await Deno.chown(directory, 64_777, 64_777);
  assert.equal(onlyId((await startAs(device, { name: "web" })).status.Uid), 64_777);
});

await testNeeding(["root"], "state that was another user's is handed over, what links lead to is not", async () => {
  await using device = await nativeDevice();
  const directory = join(device.root, "services/web");
  const outside = join(device.root, "outside");
  await Deno.mkdir(join(directory, "deep"), { recursive: true });
  await Deno.writeTextFile(outside, "root's");
  await Deno.writeTextFile(join(directory, "deep/file"), "data");
  await Deno.symlink(outside, join(directory, "link"));
  await Deno.writeTextFile(join(directory, "hard"), "data");
  await Deno.link(outside, join(directory, "hard-link"));
  for (const path of ["deep/file", "deep", "hard", "."]) await Deno.chown(join(directory, path), 1234, 1234);
  const uid = onlyId((await startAs(device, { name: "web" })).status.Uid);
  const owners = await Promise.all(["deep/file", "deep", "hard", "."].map((path) => Deno.lstat(join(directory, path))));
  assert.deepEqual(owners.map((info) => [info.uid, info.gid]), [[uid, uid], [uid, uid], [uid, uid], [uid, uid]]);
  assert.equal((await Deno.stat(outside)).uid, 0);
});

await testNeeding(
  ["root"],
  "a command probe runs as the service's user, with its groups and no right of its own",
  async () => {
    await using device = await nativeDevice();
    const fields = { supplementaryGroups: ["nogroup"], capabilities: ["CAP_NET_RAW"] };
    const { status } = await startAs(device, fields);
    assert.equal(status.CapEff, "0000000000002000");
    const [one] = await instances(device.runtime);
    const command = ["/bin/grep", "-E", "^(Uid|Groups|CapEff|CapBnd|NoNewPrivs):", "/proc/self/status"];
    const workload = native({ command: SLEEP, ...fields });
    const { output } = await device.runtime.execute(one!, workload, command, AbortSignal.timeout(60_000));
    const lines = output.split("\n").map((line) => line.trim().replace(/\s+/g, " "));
    const uid = onlyId(status.Uid);
    assert.deepEqual(lines, [
      `Uid: ${uid} ${uid} ${uid} ${uid}`,
      "Groups: 65534",
      `CapEff: ${NONE}`,
      `CapBnd: ${NONE}`,
      "NoNewPrivs: 1",
    ]);
  },
);

await testNeeding(["root"], "a service may open its output anew, as scripts do with /dev/stderr", async () => {
  await using device = await nativeDevice();
  await start(device.runtime, native({ command: ["/bin/sh", "-c", "echo again >/dev/stderr; exec sleep 1000"] }));
  await eventually("it was written", async () => {
    for await (const line of device.runtime.logs("web", { tail: 5, follow: false })) return line.text === "again";
    return false;
  });
});

await testNeeding(["root"], "user, group and supplementary groups are those that the manifest names", async () => {
  await using device = await nativeDevice();
  const { status } = await startAs(device, { user: "daemon", group: "mail", supplementaryGroups: ["games", "60"] });
  assert.deepEqual([onlyId(status.Uid), onlyId(status.Gid), status.Groups], [1, 8, "60"]);
  await refuses({}, { group: "no-such" }, { reason: "user_unknown", text: /there is no group "no-such"/ });
});

await testNeeding(
  ["root"],
  "root stays root when the owner allows it, and keeps what it lists when it lists any",
  async () => {
    await using device = await nativeDevice();
    const whole = await startAs(device, { name: "whole", user: "root" });
    assert.equal(onlyId(whole.status.Uid), 0);
    assert.notEqual(whole.status.CapEff, NONE);
    const bounded = await startAs(device, { name: "bounded", user: "root", capabilities: ["CAP_CHOWN"] });
    assert.deepEqual([bounded.status.CapEff, bounded.status.CapBnd], ["0000000000000001", "0000000000000001"]);
  },
);

await testNeeding(["root"], "without a range of users services run as the daemon does", async () => {
  await using device = await nativeDevice({ uidRange: null });
  assert.equal(onlyId((await startAs(device, {})).status.Uid), 0);
});

await testNeeding(["root"], "what is root, or as good, is refused where the owner does not allow it", async () => {
  const strict = { allowRoot: false };
  const reason = "policy_denied";
  await refuses(strict, { user: "root" }, { reason, text: /^user: .*"root"/, hint: /allow_root/ });
  await refuses(strict, { user: "0" }, { reason, text: /^user: / });
  await refuses(strict, { group: "root" }, { reason, text: /^group: .*"root"/ });
  await refuses(strict, { supplementaryGroups: ["shadow"] }, { reason, text: /^group: .*"shadow"/ });
  const named = { ...strict, allowGroups: ["shadow"] };
  await refuses(named, { group: "root" }, { reason, text: /^group: .*"root"/ });
  await using device = await nativeDevice({ policy: { ...POLICY, ...strict } });
  assert.ok(onlyId((await startAs(device, {})).status.Uid) >= 64_000);
});

await testNeeding(["root"], "a capability is had by those who ask for it", async () => {
  await using device = await nativeDevice();
  const { status } = await startAs(device, { capabilities: ["CAP_NET_RAW", "CAP_CHOWN"] });
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) assert.equal(status[set], "0000000000002001");
});

await testNeeding(["root"], "a port below 1024 that a service declares is one that it may listen on", async () => {
  await using device = await nativeDevice();
  const port = { name: null, hostAddress: "0.0.0.0", host: 991, container: 991, protocol: "tcp" as const };
  const { status } = await startAs(device, { name: "low", ports: [port] });
  assert.equal(status.CapEff, "0000000000000400");
  const number = await freePort();
  const high = await startAs(device, { name: "high", ports: [{ ...port, host: number, container: number }] });
  assert.equal(high.status.CapEff, NONE);
});

await testNeeding(["root"], "set-user-id programs work only where the manifest asks for it", async () => {
  await using device = await nativeDevice();
  const { status } = await startAs(device, { noNewPrivileges: false });
  assert.deepEqual([status.NoNewPrivs, status.CapEff], ["0", NONE]);
  assert.notEqual(status.CapBnd, NONE);
});

await testNeeding(["root"], "a device is there, and reached by its group", async () => {
  await refuses({}, { devices: ["/dev/no-such"] }, { reason: "start_failed", text: /there is no device/ });
  await refuses({}, { devices: ["/dev/shm"] }, { reason: "start_failed", text: /is not a device/ });
  await using device = await nativeDevice();
  assert.equal((await startAs(device, { devices: ["/dev/null"] })).status.Groups, "");
});

await testNeeding(["root"], "a folder that the user may not pass is named before anything is started", async () => {
  await using device = await nativeDevice();
  const closed = join(device.root, "closed");
  await Deno.mkdir(join(closed, "files"), { recursive: true });
  await Deno.copyFile("/bin/true", join(closed, "files/run"));
  await Deno.chmod(closed, 0o700);
  const wants = start(device.runtime, native({ command: ["./run"] }), { filesDir: join(closed, "files") });
  await assert.rejects(wants, (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.reason, "permission_denied");
    assert.match(error.message, new RegExp(`cannot pass the folder "${closed}"`));
    assert.equal(error.hint, `chmod o+x ${closed}`);
    return true;
  });
});
