/**
 * What a container has that asks for nothing. It is Docker's default
 * (https://docs.docker.com/engine/security/#linux-kernel-capabilities) without what no entry point needs to chown its
 * data, step down to a user and serve: MKNOD, AUDIT_WRITE, SETFCAP, SETPCAP. Podman does without the first two as well
 * (containers.conf(5), default_capabilities). NET_RAW stays although one container of a network can pose as another
 * one with it: the ping of Alpine asks for a raw socket, and that of Debian is not even executed without it. Who needs
 * no ping writes cap_drop = ["NET_RAW"].
 */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];
