/** `[policy]`: what the owner of a device lets git ask of it. */
import type { RuntimeName } from "../workload.ts";

export interface Policy {
  /** Whoever may be root may be anybody, and in any group. */
  allowRoot: boolean;
  /** Names, numbers, and ranges of numbers like "1000-1999"; never root. */
  allowUsers: readonly string[];
  /** As `allowUsers`. */
  allowGroups: readonly string[];
  /** Like "CAP_NET_ADMIN". */
  allowCapabilities: readonly string[];
  allowPrivileged: boolean;
  /** To come before others: at the CPU, and when memory runs out. */
  allowPriority: boolean;
  allowHostNetwork: boolean;
  /** Absolute. A mount lies at one of them or below. */
  allowHostPaths: readonly string[];
  /** Volumes of Docker's that this device did not make, by name. */
  allowVolumes: readonly string[];
  /** Networks of Docker's that this device did not make, by name. */
  allowNetworks: readonly string[];
  /** As they are registered in Docker. */
  allowOciRuntimes: readonly string[];
  /** Absolute paths below /dev; `*` stands for any characters but a slash. */
  allowDevices: readonly string[];
  allowGpus: boolean;
  /** Patterns of repositories; empty: images of any. */
  images: readonly string[];
  /** Whether an image must be named by its digest. */
  requireDigest: boolean;
  /** Hosts of downloads, "*.example.org" for all below one; empty: any. */
  artifactHosts: readonly string[];
  runtimes: readonly RuntimeName[];
  /** Of the device, that workloads may name; those that the device chooses need no word. */
  ports: readonly PortRange[];
  /** Patterns of versions of HarborNode itself, like "0.2.*"; empty: git has no word in it. */
  daemonVersions: readonly string[];
  /** All that are switched on together. */
  maxWorkloads: number;
  /** Of all workloads together. */
  maxInstances: number;
  /** What is HarborNode's, and nobody's word gives away. */
  own: OwnParts;
}

/** Both ends included. */
export interface PortRange {
  from: number;
  to: number;
}

export interface OwnParts {
  /** TCP ports that it listens on. */
  ports: readonly number[];
  /** Absolute paths: neither they, nor what lies in or around them, is ever mounted. */
  paths: readonly string[];
}
