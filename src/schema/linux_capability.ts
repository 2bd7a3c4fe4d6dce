/** [pure] Names of Linux capabilities: https://man7.org/linux/man-pages/man7/capabilities.7.html */
import type { Schema } from "./schema.ts";
import { suggest } from "./suggest.ts";

/** In the order of their numbers. The last was added in Linux 5.9. */
export const CAPABILITIES: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_DAC_READ_SEARCH",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_LINUX_IMMUTABLE",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_BROADCAST",
  "CAP_NET_ADMIN",
  "CAP_NET_RAW",
  "CAP_IPC_LOCK",
  "CAP_IPC_OWNER",
  "CAP_SYS_MODULE",
  "CAP_SYS_RAWIO",
  "CAP_SYS_CHROOT",
  "CAP_SYS_PTRACE",
  "CAP_SYS_PACCT",
  "CAP_SYS_ADMIN",
  "CAP_SYS_BOOT",
  "CAP_SYS_NICE",
  "CAP_SYS_RESOURCE",
  "CAP_SYS_TIME",
  "CAP_SYS_TTY_CONFIG",
  "CAP_MKNOD",
  "CAP_LEASE",
  "CAP_AUDIT_WRITE",
  "CAP_AUDIT_CONTROL",
  "CAP_SETFCAP",
  "CAP_MAC_OVERRIDE",
  "CAP_MAC_ADMIN",
  "CAP_SYSLOG",
  "CAP_WAKE_ALARM",
  "CAP_BLOCK_SUSPEND",
  "CAP_AUDIT_READ",
  "CAP_PERFMON",
  "CAP_BPF",
  "CAP_CHECKPOINT_RESTORE",
];

/** A capability as the manual page writes it. The spellings of Docker and systemd get the name as a suggestion. */
export const capability: Schema<string> = {
  expected: 'a capability like "CAP_NET_BIND_SERVICE"',
  jsonSchema: { enum: CAPABILITIES },
  read(value, scope) {
    if (typeof value !== "string") return scope.mismatch(value, capability.expected);
    if (CAPABILITIES.includes(value)) return value;
    const close = suggest(`CAP_${value.toUpperCase().replace(/^CAP_/, "")}`, CAPABILITIES);
    return scope.mismatch(value, capability.expected, close === null ? undefined : `did you mean "${close}"?`);
  },
};
