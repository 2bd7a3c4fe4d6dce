/** Command lines of QEMU for a test device, and the choice between KVM and emulation. */
import { join } from "node:path";
import type { Image } from "./image.ts";
import type { DebianArchitecture } from "./recipe.ts";

/** KVM runs the guest on the processor itself; TCG emulates it, five to thirty times slower. */
export type Accelerator = "kvm" | "tcg";

/** A kernel that works under KVM is through in a second or two. */
const PROBE_TIMEOUT_MS = 20_000;

export const HOST_ARCHITECTURE: DebianArchitecture = Deno.build.arch === "aarch64" ? "arm64" : "amd64";

export const QEMU_PROGRAM: Record<DebianArchitecture, string> = {
  amd64: "qemu-system-x86_64",
  arm64: "qemu-system-aarch64",
};

const CONSOLE: Record<DebianArchitecture, string> = { amd64: "ttyS0", arm64: "ttyAMA0" };

export interface MachineHardware {
  image: Image;
  accelerator: Accelerator;
  cpus: number;
  memoryMiB: number;
  /** Further kernel arguments. */
  append: string;
  /** Copy-on-write file above the image's disk. */
  disk: string;
  /** File that gets the text of the serial console. */
  console: string;
  /** Port of 127.0.0.1 by port of the guest. */
  ports: ReadonlyMap<number, number>;
}

/** Arguments of QEMU for a machine that ends when the guest reboots or powers off. */
export function machineArguments(hardware: MachineHardware): string[] {
  const { image, accelerator, disk, ports } = hardware;
  const architecture = image.kind.architecture;
  const forwards = [...ports].map(([guest, host]) => `,hostfwd=tcp:127.0.0.1:${host}-:${guest}`).join("");
  const kernel = ["root=/dev/vda rw quiet panic=1 net.ifnames=0 mitigations=off"];
  // An emulated clock drifts between the virtual processors, and Linux would test it for seconds. On a busy host the
  // timer interrupt comes too late for Linux, which panics: "IO-APIC + timer doesn't work".
  if (accelerator === "tcg" && architecture === "amd64") kernel.push("tsc=reliable no_timer_check");
  kernel.push(hardware.append);
  return [
    ...baseArguments(architecture, accelerator),
    ...["-smp", `${hardware.cpus}`, "-m", `${hardware.memoryMiB}`],
    ...bootArguments(image, kernel.join(" ")),
    // `unsafe` ignores the guest's flushes: they survive a power failure of the guest, which is the only one here.
    ...["-drive", `if=none,id=disk,file=${disk},format=qcow2,cache=unsafe,discard=unmap`],
    ...["-device", "virtio-blk-pci,drive=disk", "-device", "virtio-rng-pci"],
    ...["-netdev", `user,id=net,ipv6=off${forwards}`, "-device", "virtio-net-pci,netdev=net,romfile="],
    ...["-chardev", `file,id=console,path=${hardware.console},append=on`, "-serial", "chardev:console"],
  ];
}

function baseArguments(architecture: DebianArchitecture, accelerator: Accelerator): string[] {
  const isKvm = accelerator === "kvm";
  // Emulated, arm64 is the processor of a Raspberry Pi 4.
  const [machine, emulated] = architecture === "amd64"
    ? ["q35", "max"]
    : [`virt,gic-version=${isKvm ? "host" : "3"}`, "cortex-a72"];
  return [
    ...["-M", machine, "-cpu", isKvm ? "host" : emulated, "-accel", isKvm ? "kvm" : "tcg,thread=multi"],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
  ];
}

function bootArguments({ kind, kernel, initrd }: Image, append: string): string[] {
  const console = CONSOLE[kind.architecture];
  return ["-kernel", kernel, "-initrd", initrd, "-append", `console=${console} ${append}`.trim()];
}

/**
 * Chooses KVM when it boots the image's kernel, else TCG. /dev/kvm alone is no proof: in a virtual machine without
 * nested virtualization it exists and the guest stops before its first message. The answer is kept beside the image
 * until this machine reboots. HARBORNODE_TEST_DEVICE_ACCEL=kvm or tcg decides without a probe.
 */
export async function chooseAccelerator(image: Image): Promise<Accelerator> {
  const forced = Deno.env.get("HARBORNODE_TEST_DEVICE_ACCEL");
  if (forced === "kvm" || forced === "tcg") return forced;
  if (forced !== undefined) {
    throw new Error(`HARBORNODE_TEST_DEVICE_ACCEL is "${forced}"\n  hint: set it to kvm or tcg`);
  }
  if (image.kind.architecture !== HOST_ARCHITECTURE) return "tcg";
  if (!await Deno.stat("/dev/kvm").then(() => true, () => false)) return "tcg";
  const boot = (await Deno.readTextFile("/proc/sys/kernel/random/boot_id")).trim();
  const note = join(image.directory, "accelerator");
  const [notedBoot, noted] = (await Deno.readTextFile(note).catch(() => "")).split(" ");
  if (notedBoot === boot && (noted === "kvm" || noted === "tcg")) return noted;
  const chosen = await bootsKernel(QEMU_PROGRAM[HOST_ARCHITECTURE], image, "kvm") ? "kvm" : "tcg";
  await Deno.writeTextFile(note, `${boot} ${chosen}`);
  return chosen;
}

/**
 * Boots the kernel without a disk. It works when the kernel comes as far as its first process, which does not exist:
 * the kernel then panics, which ends QEMU.
 */
export async function bootsKernel(
  program: string,
  image: Image,
  accelerator: Accelerator,
  timeoutMs: number = PROBE_TIMEOUT_MS,
): Promise<boolean> {
  const child = new Deno.Command("setpriv", {
    args: [
      ...["--pdeathsig", "KILL", "--", program],
      ...baseArguments(image.kind.architecture, accelerator),
      ...["-m", "512", "-serial", "stdio"],
      ...bootArguments(image, "panic=-1 rdinit=/nothing root=/dev/ram0"),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  try {
    const { stdout } = await child.output();
    return new TextDecoder().decode(stdout).includes("Kernel panic - not syncing: ");
  } finally {
    clearTimeout(timer);
  }
}
