/**
 * What only a container can be given. What a manifest does not ask for is null or empty here, so that it says nothing in
 * a fingerprint: a field that a later version knows leaves the containers that run alone.
 */
import type { Limit, LimitName } from "./rlimit.ts";

/** Docker knows no limit of a process's address space. */
export type ContainerLimitName = Exclude<LimitName, "as">;

export interface ContainerOptions {
  /** For others to read; never one that begins with "harbornode.". */
  labels: Record<string, string>;
  hostname: string | null;
  /** `none`: no network at all; `host`: that of the device; null: the one of its namespace. */
  network: "none" | "host" | null;
  /** Workloads of one namespace find each other by name; null: the one of all that name none. */
  namespace: string | null;
  /** Further networks: other namespaces, and networks of the device's owner. */
  networks: string[];
  /** Names in all of its networks, beside the workload's. */
  aliases: string[];
  /** Lines of /etc/hosts as Docker takes them: "name:address", where "host-gateway" is the device. */
  extraHosts: string[];
  /** Addresses of servers; empty: the device's. */
  dns: string[];
  tty: true | null;
  stdinOpen: true | null;
  /** A small program of Docker's as its first process, which reaps orphans. */
  init: true | null;
  privileged: true | null;
  /** Beside what every container has, like "CAP_NET_ADMIN". */
  capAdd: string[];
  /** Of what every container has; "ALL" for all of it. */
  capDrop: string[];
  groupAdd: string[];
  securityOpt: SecurityOption[];
  readOnly: true | null;
  sysctls: Record<string, string>;
  ulimits: Partial<Record<ContainerLimitName, Limit>>;
  /** Of /dev/shm; null: 64 MiB. */
  shmBytes: number | null;
  /** Where the output goes; null: files of JSON. Both are bounded by `logs`, and can be read back. */
  logDriver: "local" | null;
  /** What it may keep when memory is short; null: nothing. */
  memoryReservationBytes: number | null;
  /** As it is registered in Docker, like "runsc"; null: Docker's default. */
  ociRuntime: string | null;
}

/** What of the usual confinement is given up. */
export type SecurityOption =
  /** A set-user-id program that it starts may gain privileges. */
  | { type: "new-privileges" }
  | { type: "seccomp"; profile: "unconfined" }
  /** A profile that is loaded on the device, or "unconfined". */
  | { type: "apparmor"; profile: string }
  /** SELinux: "disable", or a part of the label like "type:container_t". */
  | { type: "label"; value: string };

/** What a manifest that asks for nothing of this means. */
export function containerOptions(said: Partial<ContainerOptions> = {}): ContainerOptions {
  return {
    labels: {},
    hostname: null,
    network: null,
    namespace: null,
    networks: [],
    aliases: [],
    extraHosts: [],
    dns: [],
    tty: null,
    stdinOpen: null,
    init: null,
    privileged: null,
    capAdd: [],
    capDrop: [],
    groupAdd: [],
    securityOpt: [],
    readOnly: null,
    sysctls: {},
    ulimits: {},
    shmBytes: null,
    logDriver: null,
    memoryReservationBytes: null,
    ociRuntime: null,
    ...said,
  };
}
