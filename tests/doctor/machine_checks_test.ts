/** What is made of what was seen of the machine, its disks and its Docker. */
import { docker } from "../../src/doctor/docker_engine.ts";
import { dataDir } from "../../src/doctor/storage/data_dir_checks.ts";
import { disk } from "../../src/doctor/storage/free_space.ts";
import { identity } from "../../src/doctor/storage/age_identity.ts";
import { flashWear } from "../../src/doctor/storage/flash_wear.ts";
import { clock } from "../../src/doctor/machine/system_clock.ts";
import { controlGroups } from "../../src/doctor/machine/cgroup_controllers.ts";
import { kernel } from "../../src/doctor/machine/kernel_features.ts";
import { memory } from "../../src/doctor/machine/memory_pressure.ts";
import { judges } from "./evaluate_checks.ts";

const NOW = Date.UTC(2026, 10, 21, 18, 0);
const MINUTE = 60_000;
const MIB = 1024 ** 2;

judges(clock, { now: NOW, isSynchronised: true, aheadMs: 400 }, [
  [{}, "ok: 2026-11-21 18:00 UTC, synchronised, and as the repository's server has it"],
  [{ isSynchronised: null, aheadMs: null }, "ok: 2026-11-21 18:00 UTC"],
  [{ isSynchronised: false }, /^warning: no time server keeps it right, .*\n {2}sudo timedatectl set-ntp true$/],
  [{ aheadMs: 45_000 }, /^warning: it is 45 s ahead of the repository's server\n/],
  [{ aheadMs: -6 * MINUTE }, /^problem: it is 6 min behind the repository's server\n/],
  [{ now: 0 }, /^problem: it says 1970-01-01 00:00 UTC, which is before HarborNode was built\n/],
]);

judges(kernel, { release: "6.1.0-18-arm64", libc: "glibc 2.36", arch: "aarch64" }, [
  [{}, "ok: Linux 6.1.0-18-arm64 aarch64, glibc 2.36"],
  [{ release: "5.10.0" }, /^warning: Linux 5.10.0 has no cgroup.kill \(5.14\)[^\n]*\n[^\n]*$/],
  [{ release: "4.19.0" }, /^warning: .*no pidfd.*\n.*\nwarning: .*cgroup.kill/],
  [{ release: "5.14.0", libc: null }, "ok: Linux 5.14.0 aarch64"],
]);

const PI = {
  controllers: ["cpuset", "cpu", "io", "pids"],
  bound: [],
  disabled: ["memory"],
  commandLine: "coherent_pool=1M cgroup_disable=memory console=tty1",
  board: "Raspberry Pi 4 Model B Rev 1.4",
  cmdlineFile: "/boot/firmware/cmdline.txt",
};
judges(controlGroups, { ...PI, controllers: ["cpu", "memory", "pids"] }, [
  [{}, "ok: v2 with memory, cpu, pids"],
  [
    PI,
    "warning: there is no memory controller: such limits are not enforced\n" +
    "  sudo sed -i '1 s/$/ cgroup_enable=memory cgroup_memory=1/' /boot/firmware/cmdline.txt && sudo reboot",
  ],
  [{ ...PI, cmdlineFile: "/boot/cmdline.txt" }, /' \/boot\/cmdline.txt && sudo reboot$/],
  [{ ...PI, board: null, cmdlineFile: null }, /\n {2}take "cgroup_disable=memory" out of the kernel's command line/],
  [{ ...PI, board: null, cmdlineFile: null, commandLine: "" }, /\n {2}add "cgroup_enable=memory" to the kernel's/],
  [{ ...PI, board: null, cmdlineFile: null, commandLine: "", disabled: [] }, /\n {2}boot a kernel that has it/],
  [{ controllers: null }, /^problem: this device has no cgroup v2.*\n.*systemd.unified_cgroup_hierarchy=1/],
  [{ controllers: ["cpu"], bound: ["memory", "pids"] }, /^warning: bound to cgroup v1, .*: memory, pids\n/],
]);

judges(memory, { totalBytes: 1024 * MIB, availableBytes: 700 * MIB, reserveBytes: 64 * MIB }, [
  [{}, "ok: 700 MiB of 1024 MiB free"],
  [{ reserveBytes: null }, /^ok/],
  [{ availableBytes: 63 * MIB }, /^warning: 63 MiB of 1024 MiB free, less than memory_reserve \(64 MiB\)/],
  [{ totalBytes: null }, /^skipped/],
]);

const MOUNT = { path: "/", kind: "ext4", isReadOnly: false, device: "/dev/mmcblk0p2" };
const DATA = "/etc/harbornode/data";
judges(dataDir, {
  path: DATA,
  folder: { owner: 0, mode: 0o711, isFolder: true },
  mount: MOUNT,
  isRoot: true,
  trial: { failure: null, collapses: true },
  device: "fine",
}, [
  [{}, `ok: ${DATA} on ext4`],
  [{ folder: null, trial: null, device: "missing" }, `ok: "${DATA}" is not there yet; the daemon makes it`],
  [{ trial: { failure: null, collapses: false } }, `ok: ${DATA} on ext4, where logs are cut by copying`],
  [
    { folder: { owner: 0, mode: 0o644, isFolder: false } },
    `problem: "${DATA}" is no folder\n  name a folder as data_dir in config.toml`,
  ],
  [
    { folder: { owner: 0, mode: 0o777, isFolder: true } },
    `warning: others may write to "${DATA}"\n  sudo chmod go-w ${DATA}`,
  ],
  [{ folder: { owner: 1000, mode: 0o711, isFolder: true } }, /^warning: .* belongs to user 1000, not to root\n/],
  [
    { trial: { failure: "No space left on device", collapses: false } },
    /^problem: nothing can be written safely to .*: No space/,
  ],
  [{ device: "damaged" }, /^problem: ".*device\.json" is damaged\n/],
  [
    { mount: { ...MOUNT, isReadOnly: true }, trial: null },
    /^problem: "\/", which holds ".*", is mounted read-only\n.*mmcblk0p2/,
  ],
  [{ mount: { ...MOUNT, kind: "vfat" } }, /^problem: .* is on vfat/],
  [{ mount: { ...MOUNT, kind: "nfs4" } }, /^warning: .* is on nfs4/],
  [{ mount: { ...MOUNT, kind: "tmpfs" } }, /^warning: .* is on tmpfs, and gone with the next restart/],
  [{ mount: { ...MOUNT, kind: "overlay" } }, /^warning: .* is on an overlay/],
  [{ isRoot: false, trial: null }, /^skipped: .* needs root\n {2}sudo harbornode doctor$/],
]);

judges(disk, {
  path: DATA,
  disk: { freeBytes: 4096 * MIB, totalBytes: 30_000 * MIB, freeFiles: 9e5, totalFiles: 1e6 },
  reserveBytes: 128 * MIB,
}, [
  [{}, "ok: 4.0 GiB of 29.3 GiB free"],
  [{ disk: null }, /^skipped/],
  [
    { disk: { freeBytes: 127 * MIB, totalBytes: 30_000 * MIB, freeFiles: 0, totalFiles: 0 } },
    /^problem: 127 MiB of .*disk_reserve \(128 MiB\)\n/,
  ],
  [{ disk: { freeBytes: 200 * MIB, totalBytes: 30_000 * MIB, freeFiles: 0, totalFiles: 0 } }, /^warning: 200 MiB of /],
  [
    { disk: { freeBytes: 4096 * MIB, totalBytes: 30_000 * MIB, freeFiles: 10, totalFiles: 1e6 } },
    /^warning: 10 of 1000000 files are left/,
  ],
  [
    { disk: { freeBytes: 4096 * MIB, totalBytes: 30_000 * MIB, freeFiles: 0, totalFiles: 1e6 } },
    /^problem: 0 of 1000000 files/,
  ],
]);

judges(flashWear, { chips: [{ name: "mmcblk0", usedTenths: 2, preEol: 1 }], damaged: [] }, [
  [{}, "ok: mmcblk0 has used at most 20 % of its life"],
  [{ chips: [] }, "ok: nothing is known to be wrong"],
  [{ chips: [{ name: "mmcblk0", usedTenths: 9, preEol: 1 }] }, /^warning: mmcblk0 has used most of its life\n/],
  [{ chips: [{ name: "mmcblk0", usedTenths: 2, preEol: 3 }] }, /^problem: mmcblk0 is worn out\n/],
  [{ damaged: [{ device: "mmcblk0p2", errors: 1 }] }, /^problem: the file system on mmcblk0p2 has met 1 error\n/],
]);

judges(identity, {
  file: "/i.txt",
  isNamed: false,
  isThere: true,
  isRoot: true,
  isDenied: false,
  mode: 0o600,
  recipient: "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqwxyz",
  failure: null,
}, [
  [{}, "ok: recipient age1qqqqqqqq...wxyz"],
  [{ isThere: false }, "ok: none yet; the daemon makes one"],
  [{ isThere: false, isNamed: true }, /^problem: identity_file "\/i.txt" is not there\n.*age-keygen -o \/i.txt$/],
  [{ mode: 0o644 }, 'warning: others may read "/i.txt"\n  sudo chmod 600 /i.txt'],
  [{ isDenied: true, isRoot: false }, "skipped: only root may read it\n  sudo harbornode doctor"],
  [{ isDenied: true }, /^problem: "\/i.txt" cannot be read by root/],
  [
    { failure: { message: '"/i.txt" holds no identity', hint: null } },
    /^problem: "\/i.txt" holds no identity\n {2}bring it back/,
  ],
]);

const INFO = { Driver: "overlay2", CgroupDriver: "systemd", CgroupVersion: "2" };
judges(docker, {
  socket: "/var/run/docker.sock",
  isEnabled: true,
  isRoot: true,
  there: "there",
  isWanted: false,
  answer: { about: "Docker 20.10.24, API 1.41", info: INFO },
}, [
  [{}, "ok: Docker 20.10.24, API 1.41, overlay2, cgroups by systemd"],
  [{ isEnabled: false, answer: null }, "ok: switched off in config.toml"],
  [{ there: "missing", answer: null }, /^ok: there is no Docker on/],
  [
    { there: "missing", answer: null, isWanted: true },
    /^problem: there is no Docker on .*\n {2}sudo apt-get install docker.io$/,
  ],
  [{ there: "denied", answer: null, isRoot: false }, /^skipped: this user may not use .*\n {2}sudo harbornode doctor$/],
  [{ there: "denied", answer: null }, /^problem: .* cannot be used/],
  [{ answer: { failure: { message: "Docker does not answer", hint: null } } }, /^problem: Docker does not answer\n/],
  [{ answer: { about: "", info: { ...INFO, Driver: "vfs" } } }, /^warning: its storage driver "vfs" copies/],
  [
    { answer: { about: "", info: { ...INFO, CgroupDriver: "cgroupfs" } } },
    /^warning: it makes control groups beside systemd\n/,
  ],
  [{ answer: { about: "", info: { ...INFO, CgroupDriver: "cgroupfs", CgroupVersion: "1" } } }, /^ok/],
  [
    { answer: { about: "", info: { ...INFO, MemoryLimit: false, PidsLimit: true } } },
    /^warning: it cannot limit memory of containers\n/,
  ],
  [
    { answer: { about: "", info: { ...INFO, IPv4Forwarding: false } } },
    /^warning: .*forwards no packets.*\n.*ip_forward=1$/,
  ],
]);
