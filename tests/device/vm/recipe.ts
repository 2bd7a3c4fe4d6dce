/**
 * Contents of the disk image of a test device: Debian 12 with systemd, an SSH server and a fixed address.
 * The image is rebuilt when anything in this file changes (`recipeKey`), since the key covers all values.
 */

/** Debian's names of the architectures that a device can have. */
export type DebianArchitecture = "amd64" | "arm64";

export interface ImageKind {
  architecture: DebianArchitecture;
  /** Whether the image contains Docker, which its socket starts on first use. */
  docker: boolean;
}

export const SUITE = "bookworm";

/** Size of the disk that the guest sees. The file is sparse. */
export const DISK_SIZE = "8G";

/** Address of the guest in QEMU's user network (the default of `-netdev user`), which has 10.0.2.2 as its host. */
const GUEST_ADDRESS = "10.0.2.15/24";

const PACKAGES = [
  ...["systemd", "systemd-sysv", "udev", "dbus", "libpam-systemd", "kmod", "cpio", "busybox-static"],
  ...["openssh-server", "passwd", "procps", "iproute2", "netbase", "curl", "ca-certificates"],
];
const DOCKER_PACKAGES = ["docker.io", "iptables", "apparmor"];

/** Debian keeps documents that nobody reads in a test device. */
export const DPKG_OPTIONS = [
  "force-unsafe-io",
  "path-exclude=/usr/share/doc/*",
  "path-exclude=/usr/share/man/*",
  "path-exclude=/usr/share/locale/*",
];

/** Files that are written after all packages are installed. */
const FILES: Record<string, string> = {
  "etc/hostname": "device\n",
  "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 device\n10.0.2.2 host\n",
  // systemd generates the id at the first boot.
  "etc/machine-id": "",
  "etc/fstab": "",
  // Without a gateway and a name server the guest reaches its host and nothing else.
  "etc/resolv.conf": "",
  "etc/systemd/network/10-ethernet.network":
    `[Match]\nType=ether\n[Network]\nAddress=${GUEST_ADDRESS}\nIPv6AcceptRA=no\n`,
  "etc/ssh/sshd_config.d/device.conf": "UseDNS no\nMaxSessions 64\n",
};

/** Units that need a network or do housekeeping, which only costs time in a machine that lives for minutes. */
const MASKED_UNITS = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
];

/** First program of the machine. Debian's own initrd starts udev, which costs an emulated machine several seconds. */
const INIT = `#!/bin/busybox sh
busybox mount -t devtmpfs dev /dev
# A driver that is part of the kernel is no module.
for module in virtio_pci virtio_blk ext4; do busybox modprobe -q $module; done
tries=0
until [ -b /dev/vda ] || [ $tries -ge 200 ]; do busybox usleep 50000; tries=$((tries + 1)); done
busybox mount -t ext4 -o rw,noinit_itable /dev/vda /root && exec busybox switch_root /root /sbin/init
echo "the disk of the device cannot be mounted"
`;

/** Puts busybox, the drivers of the disk and INIT into an archive that the kernel unpacks: boot/initrd.img-device. */
const MAKE_INITRD = `set -e
version=$(ls "$1/lib/modules")
tree=$1/tmp/initrd
mkdir -p "$tree/bin" "$tree/dev" "$tree/root"
for module in virtio_pci virtio_blk ext4; do
  chroot "$1" modprobe --set-version "$version" --show-depends "$module"
done >"$tree/needed"
while read -r kind path _; do
  if [ "$kind" = insmod ]; then install -D -m 644 "$1$path" "$tree/lib/modules/$version/\${path##*/}"; fi
done <"$tree/needed"
chroot "$1" depmod --basedir /tmp/initrd "$version"
cp "$1/bin/busybox" "$tree/bin/busybox"
cat >"$tree/init" <<'INIT'
${INIT}INIT
chmod 755 "$tree/init"
rm -f "$1"/boot/initrd.img-*
chroot "$1" sh -c 'cd /tmp/initrd && find . | cpio --quiet --create --format newc' >"$1/boot/initrd.img-device"
rm -rf "$tree"`;

/** Shell commands that mmdebstrap runs with the new root file system as `$1`. */
function commands({ docker }: ImageKind): string[] {
  return [
    'chroot "$1" useradd --create-home --shell /bin/bash device',
    'chroot "$1" systemctl --quiet enable systemd-networkd.service ssh.service',
    `chroot "$1" systemctl --quiet mask ${MASKED_UNITS.join(" ")}`,
    // dockerd would cost seconds of each boot.
    ...(docker ? ['chroot "$1" systemctl --quiet disable docker.service containerd.service'] : []),
    ...(docker ? ['chroot "$1" systemctl --quiet enable docker.socket'] : []),
    MAKE_INITRD,
  ];
}

export interface Recipe {
  packages: string[];
  files: Record<string, string>;
  commands: string[];
}

export function recipeOf(kind: ImageKind): Recipe {
  return {
    packages: [...PACKAGES, `linux-image-cloud-${kind.architecture}`, ...(kind.docker ? DOCKER_PACKAGES : [])],
    files: FILES,
    commands: commands(kind),
  };
}

/** Name of the image's folder in the cache: another recipe has another name. */
export async function recipeKey(kind: ImageKind): Promise<string> {
  const text = JSON.stringify([SUITE, DISK_SIZE, DPKG_OPTIONS, recipeOf(kind)]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `${kind.architecture}-${kind.docker ? "docker" : "base"}-${digest.toHex().slice(0, 12)}`;
}
