/** What checks see of a machine: of this one, and of those that cannot be had here, as folders of their files. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { docker } from "../../src/doctor/docker_engine.ts";
import { unit } from "../../src/doctor/service/unit_differences.ts";
import { UNIT } from "../../src/doctor/service/embedded_unit.ts";
import { dataDir } from "../../src/doctor/storage/data_dir_checks.ts";
import { disk } from "../../src/doctor/storage/free_space.ts";
import { identity } from "../../src/doctor/storage/age_identity.ts";
import { flashWear } from "../../src/doctor/storage/flash_wear.ts";
import { controlGroups } from "../../src/doctor/machine/cgroup_controllers.ts";
import { kernel } from "../../src/doctor/machine/kernel_features.ts";
import { memory } from "../../src/doctor/machine/memory_pressure.ts";
import { canCollapse } from "../../src/runtime/native/log/collapse_range.ts";
import { newIdentity, recipientOf } from "../../src/secrets/x25519.ts";
import { unitModule } from "../support/embed_unit.ts";
import { DOCKER_SOCKET, testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { situation, told } from "./doctor_contexts.ts";

// The C library stays loaded for the life of a process: here, and not within the test that needs it first.
canCollapse("/dev/shm");

const REPO = '[repo]\nurl = "/srv/fleet"\n';

async function files(root: string, texts: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(texts)) {
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
  }
}

Deno.test("this machine's kernel, memory and disk are told", async () => {
  await using dir = await tempDir();
  const here = await situation({ dir: dir.path, config: REPO });
  assert.match(await told(kernel, here), /Linux \d+\.\d+.* (x86_64|aarch64)|has no cgroup/);
  assert.match(await told(memory, here), /^(ok|warning): \d+ MiB of \d+ MiB free/);
  // The data_dir is not there yet: what it will lie on is looked at.
  assert.match(await told(disk, here), /^(ok|warning|problem): [\d.]+ [GM]iB of [\d.]+ GiB free/);
});

Deno.test("a Raspberry Pi as it comes has no memory controller, and the line to add is told with its file", async () => {
  await using dir = await tempDir();
  await files(dir.path, {
    "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io pids\n",
    "proc/cgroups": "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t60\t1\nmemory\t0\t60\t0\npids\t0\t60\t1\n",
    "proc/cmdline": "coherent_pool=1M cgroup_disable=memory root=PARTUUID=1-02 rootwait\n",
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    "boot/cmdline.txt": "root=PARTUUID=1-02 rootwait\n",
  });
  const facts = await controlGroups.gather(await situation({ root: dir.path }), AbortSignal.any([]));
  const [finding] = controlGroups.evaluate(facts);
  assert.deepEqual(finding, {
    verdict: "warning",
    message: "there is no memory controller: such limits are not enforced",
    hint: "sudo sed -i '1 s/$/ cgroup_enable=memory cgroup_memory=1/' /boot/cmdline.txt && sudo reboot",
  });

  // What it tells to do makes of the file what its firmware wants: one line.
  const script = finding.hint.split(" && ")[0]!.replace("sudo ", "").replace("/boot/", `${dir.path}/boot/`);
  assert.ok((await new Deno.Command("/bin/sh", { args: ["-c", script] }).output()).success);
  assert.equal(
    await Deno.readTextFile(join(dir.path, "boot/cmdline.txt")),
    "root=PARTUUID=1-02 rootwait cgroup_enable=memory cgroup_memory=1\n",
  );
});

Deno.test("a machine where systemd keeps cgroup v1 beside v2 is told apart from one without v2", async () => {
  await using dir = await tempDir();
  const rows = "memory\t9\t60\t1\ncpu\t3\t60\t1\npids\t5\t60\t1\n";
  await files(dir.path, { "sys/fs/cgroup/unified/cgroup.controllers": "\n", "proc/cgroups": rows });
  assert.match(
    await told(controlGroups, await situation({ root: dir.path })),
    /^warning: bound to cgroup v1, .*memory, cpu, pids$/,
  );
  await Deno.remove(join(dir.path, "sys"), { recursive: true });
  assert.match(
    await told(controlGroups, await situation({ root: dir.path })),
    /^problem: this device has no cgroup v2/,
  );
});

Deno.test("eMMC that is used up, and a file system with errors, are told", async () => {
  await using dir = await tempDir();
  await files(dir.path, {
    "sys/block/mmcblk0/device/life_time": "0x02 0x0b\n",
    "sys/block/mmcblk0/device/pre_eol_info": "0x01\n",
    "sys/block/sda/size": "1\n",
    "sys/fs/ext4/mmcblk0p2/errors_count": "3\n",
    "sys/fs/ext4/mmcblk0p1/errors_count": "0\n",
  });
  assert.equal(
    await told(flashWear, await situation({ root: dir.path })),
    "problem: the file system on mmcblk0p2 has met 3 errors\nproblem: mmcblk0 is worn out",
  );
});

Deno.test("the unit inside the executable is the one of systemd/, as embed_unit.ts makes it", async () => {
  const made = new URL("../../src/doctor/service/embedded_unit.ts", import.meta.url);
  assert.equal(await Deno.readTextFile(made), await unitModule(), "deno run -A tests/support/embed_unit.ts");
});

Deno.test("an installed unit is compared with the executable's, and drop-ins are named", async () => {
  await using dir = await tempDir();
  await files(dir.path, {
    "run/systemd/system/nothing": "",
    "usr/lib/systemd/system/harbornode.service": "[Unit]\n",
    "etc/systemd/system/harbornode.service": UNIT.replace("Restart=always", "Restart=no"),
    "etc/systemd/system/harbornode.service.d/proxy.conf": "[Service]\nEnvironment=HTTPS_PROXY=http://u:p@x\n",
    "etc/systemd/system/harbornode.service.d/proxy.conf.bak": "",
  });
  const facts = await unit.gather(await situation({ root: dir.path }), AbortSignal.any([]));
  assert.deepEqual(facts.dropIns, ["proxy.conf"]);
  assert.equal(facts.installed?.file, join(dir.path, "etc/systemd/system/harbornode.service"));
  const [finding] = unit.evaluate({ ...facts, systemd: "systemd 252 (252)" });
  assert.match(finding!.message, /is not the one of this build: it says "Restart" otherwise$/);
});

Deno.test("a data_dir is tried with a file that is synced and gone again", async () => {
  await using dir = await tempDir();
  const here = await situation({ dir: dir.path, config: REPO });
  assert.match(await told(dataDir, here), /is not there yet; the daemon makes it$/);
  await Deno.mkdir(join(dir.path, "data"), { mode: 0o711 });
  assert.match(await told(dataDir, here), /^(ok|warning): /);
  const device = join(dir.path, "data/device.json");
  await Deno.writeTextFile(device, '{"version":1,"val');
  assert.match(await told(dataDir, here), /problem: ".*device\.json" is damaged/);
  // Looked at, and neither set aside nor mended.
  const names = await Array.fromAsync(Deno.readDir(join(dir.path, "data")), ({ name }) => name);
  assert.deepEqual(names, ["device.json"]);
  await Deno.writeTextFile(device, '{"version":1,"value":{"id":"0123456789abcdef"}}');
  await Deno.chmod(join(dir.path, "data"), 0o777);
  assert.match(await told(dataDir, here), /^warning: others may write to "/m);
});

Deno.test("a data_dir in memory is told of", async () => {
  await using dir = await tempDir({ dir: "/dev/shm" });
  await Deno.mkdir(join(dir.path, "data"));
  assert.match(
    await told(dataDir, await situation({ dir: dir.path, config: REPO })),
    /is on tmpfs, and gone with the next/,
  );
});

Deno.test("the identity is judged by its file, and shown by its recipient alone", async () => {
  await using dir = await tempDir();
  const here = await situation({ dir: dir.path, config: REPO });
  assert.equal(await told(identity, here), "ok: none yet; the daemon makes one");
  await Deno.mkdir(join(dir.path, "data"));
  const file = join(dir.path, "data/identity.txt");
  const key = newIdentity();
  await Deno.writeTextFile(file, `${key}\n`, { mode: 0o600 });
  assert.equal(
    await told(identity, here),
    `ok: recipient ${recipientOf(key)!.slice(0, 12)}...${recipientOf(key)!.slice(-4)}`,
  );
  await Deno.chmod(file, 0o644);
  assert.equal(await told(identity, here), `warning: others may read "${file}"`);
  await Deno.writeTextFile(file, `${key.slice(0, -3)}\n`);
  const damaged = await told(identity, here);
  assert.match(damaged, /^problem: .*is damaged/);
  assert.ok(!damaged.includes(key.slice(16, 40)));
});

await testNeeding(
  ["docker"],
  "Docker is asked what it is; a socket that nobody serves, and none, are told apart",
  async () => {
    await using dir = await tempDir();
    const at = (socket: string) => situation({ dir: dir.path, config: `${REPO}[docker]\nhost = "unix://${socket}"\n` });
    assert.match(
      await told(docker, await at(DOCKER_SOCKET)),
      /^(ok: (Docker|Podman) \S+, API 1\.\d+, \w+, cgroups by|warning: )/,
    );
    assert.match(await told(docker, await at(join(dir.path, "none.sock"))), /^ok: there is no Docker on/);
    const dead = join(dir.path, "dead.sock");
    Deno.listen({ transport: "unix", path: dead }).close();
    // Whoever closes it leaves no file behind in every version of Deno.
    if (await Deno.stat(dead).then(() => true, () => false)) {
      assert.match(
        await told(docker, await at(dead)),
        /^problem: /,
      );
    }
  },
);
