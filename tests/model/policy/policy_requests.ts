/**
 * For each field of a spec, what a repository could ask that reaches out of the workload, and the least of a policy that
 * allows it. The types demand every field: one that is added to a workload does not compile before it is here.
 */
import type { Policy } from "../../../src/model/policy/policy.ts";
import type { DockerWorkload, NativeWorkload } from "../../../src/model/workload.ts";
import { docker, native } from "../../support/workload.ts";

/** `allowed` null: nobody's word allows it. */
export interface Asked<W> {
  asks: Partial<W>;
  says: string;
  allowed: Partial<Policy> | null;
}

type Table<W> = { readonly [Field in keyof W]-?: readonly Asked<W>[] };

const NONE: readonly never[] = [];
const refused = (field: string, value: string) => `${field}: the owner of this device does not allow "${value}"`;

const port = (host: number) => ({
  name: null,
  hostAddress: "0.0.0.0",
  host,
  container: host,
  protocol: "tcp" as const,
});

const WITHOUT_REQUEST = {
  kind: NONE,
  description: NONE,
  manifest: NONE,
  enabled: NONE,
  suspend: NONE,
  replicas: NONE,
  env: NONE,
  command: NONE,
  workingDir: NONE,
  restart: NONE,
  stopSignal: NONE,
  stopTimeoutMs: NONE,
  health: NONE,
  minHealthyMs: NONE,
  files: NONE,
  onChange: NONE,
  resources: NONE,
  logs: NONE,
  dependsOn: NONE,
  job: NONE,
  rollout: NONE,
  windows: NONE,
  secrets: NONE,
  drift: NONE,
  prune: NONE,
  movedFrom: NONE,
};

const BOTH = {
  ...WITHOUT_REQUEST,
  name: [{ asks: { name: "harbornode" }, says: 'name: "harbornode" is HarborNode itself', allowed: null }],
  ports: [
    { asks: { ports: [port(22)] }, says: refused("ports", "22"), allowed: { ports: [{ from: 22, to: 22 }] } },
    { asks: { ports: [port(3080)] }, says: `ports: "3080" is the port of HarborNode's own page`, allowed: null },
  ],
  devices: [
    {
      asks: { devices: ["/dev/ttyUSB0", "/dev/mem"] },
      says: `${refused("devices", "/dev/ttyUSB0")}, nor devices "/dev/mem"`,
      allowed: { allowDevices: ["/dev/ttyUSB*", "/dev/mem"] },
    },
  ],
  gpus: [{
    asks: { gpus: "all" as const },
    says: "gpus: the owner of this device does not allow it",
    allowed: { allowGpus: true },
  }],
};

const artifact = (url: string) => ({
  url,
  sha256: "0".repeat(64),
  format: "plain" as const,
  stripComponents: 0,
  name: "app",
});
const root = (value: string) => ({
  asks: { user: value },
  says: refused("user", value),
  allowed: { allowRoot: true },
});

export const NATIVE_ASKED: Table<NativeWorkload> = {
  ...BOTH,
  runtime: [{ asks: {}, says: refused("mode", "native"), allowed: { runtimes: ["native"] } }],
  user: [
    root("root"),
    root("0"),
    root("000"),
    { asks: { user: "www-data" }, says: refused("user", "www-data"), allowed: { allowUsers: ["www-data"] } },
    { asks: { user: "1001" }, says: refused("user", "1001"), allowed: { allowUsers: ["1000-1999"] } },
  ],
  artifact: [
    {
      asks: { artifact: artifact("http://169.254.169.254/latest/meta-data") },
      says: refused("artifact", "169.254.169.254"),
      allowed: { artifactHosts: ["169.254.169.254"] },
    },
    {
      asks: { artifact: artifact("http://[::ffff:169.254.169.254]/x") },
      says: refused("artifact", "[::ffff:a9fe:a9fe]"),
      allowed: { artifactHosts: ["[::ffff:a9fe:a9fe]"] },
    },
  ],
  group: [
    { asks: { group: "root" }, says: refused("group", "root"), allowed: { allowRoot: true } },
    { asks: { group: "docker" }, says: refused("group", "docker"), allowed: { allowGroups: ["docker"] } },
  ],
  supplementaryGroups: [
    {
      asks: { supplementaryGroups: ["docker"] },
      says: refused("supplementary_groups", "docker"),
      allowed: { allowGroups: ["docker"] },
    },
    {
      asks: { supplementaryGroups: ["0"] },
      says: refused("supplementary_groups", "0"),
      allowed: { allowRoot: true },
    },
  ],
  umask: NONE,
  nice: [{ asks: { nice: -1 }, says: refused("nice", "-1"), allowed: { allowPriority: true } }],
  oomScoreAdj: [{
    asks: { oomScoreAdj: -1000 },
    says: refused("oom_score_adj", "-1000"),
    allowed: { allowPriority: true },
  }],
  limits: [
    {
      asks: { limits: { rtprio: { soft: 0, hard: 1 }, nofile: { soft: null, hard: null } } },
      says: refused("limits", "rtprio"),
      allowed: { allowPriority: true },
    },
    {
      asks: { limits: { nice: { soft: 1, hard: null } } },
      says: refused("limits", "nice"),
      allowed: { allowPriority: true },
    },
  ],
  capabilities: [{
    asks: { capabilities: ["CAP_SYS_ADMIN"] },
    says: refused("capabilities", "CAP_SYS_ADMIN"),
    allowed: { allowCapabilities: ["CAP_SYS_ADMIN"] },
  }],
  noNewPrivileges: [{
    asks: { noNewPrivileges: false },
    says: refused("no_new_privileges", "false"),
    allowed: { allowRoot: true },
  }],
};

const host = (source: string) => [{ type: "host" as const, source, target: "/x", readOnly: true }];
const own = (source: string) => ({
  asks: { mounts: host(source) },
  says: `mounts: "${source}" would give away HarborNode's own files`,
  allowed: null,
});
const opens = (option: DockerWorkload["securityOpt"][number], shown: string) => ({
  asks: { securityOpt: [option] },
  says: refused("security_opt", shown),
  allowed: { allowPrivileged: true },
});

export const DOCKER_ASKED: Table<DockerWorkload> = {
  ...BOTH,
  runtime: [{ asks: {}, says: refused("mode", "docker"), allowed: { runtimes: ["docker"] } }],
  user: [root("root"), root("0:1000"), root("00")],
  image: [{ asks: {}, says: refused("image", "x:1"), allowed: { images: ["x"] } }],
  pinnedImage: NONE,
  pull: NONE,
  platform: NONE,
  imageUpdates: [{
    asks: { image: `x@sha256:${"0".repeat(64)}`, imageUpdates: { intervalMs: 1, cooldownMs: 0 } },
    says: 'update_image: the owner of this device wants images by their digest, and "digest" is none',
    allowed: { requireDigest: false },
  }],
  entrypoint: NONE,
  mounts: [
    { asks: { mounts: host("/etc") }, says: refused("mounts", "/etc"), allowed: { allowHostPaths: ["/etc/"] } },
    own("/srv/harbornode/data/harbornode.sock"),
    own("/srv/./harbornode"),
    own("/"),
  ],
  labels: NONE,
  hostname: NONE,
  network: [{ asks: { network: "host" }, says: refused("network", "host"), allowed: { allowHostNetwork: true } }],
  namespace: NONE,
  networks: [{
    asks: { networks: ["shop", "proxy_default"] },
    says: refused("networks", "proxy_default"),
    allowed: { allowNetworks: ["proxy_default"] },
  }],
  aliases: NONE,
  extraHosts: NONE,
  dns: NONE,
  tty: NONE,
  stdinOpen: NONE,
  init: NONE,
  privileged: [{
    asks: { privileged: true },
    says: "privileged: the owner of this device does not allow it",
    allowed: { allowPrivileged: true },
  }],
  capAdd: [{
    asks: { capAdd: ["CAP_CHOWN", "CAP_SYS_TIME"] },
    says: refused("cap_add", "CAP_SYS_TIME"),
    allowed: { allowCapabilities: ["CAP_SYS_TIME"] },
  }],
  capDrop: NONE,
  groupAdd: NONE,
  securityOpt: [
    {
      asks: { securityOpt: [{ type: "new-privileges" }] },
      says: refused("security_opt", "no-new-privileges:false"),
      allowed: { allowRoot: true },
    },
    opens({ type: "seccomp", profile: "unconfined" }, "seccomp=unconfined"),
    opens({ type: "apparmor", profile: "mine" }, "apparmor=mine"),
    opens({ type: "label", value: "disable" }, "label=disable"),
  ],
  readOnly: NONE,
  sysctls: NONE,
  ulimits: [{
    asks: { ulimits: { rtprio: { soft: null, hard: null } } },
    says: refused("ulimits", "rtprio"),
    allowed: { allowPriority: true },
  }],
  shmBytes: NONE,
  logDriver: NONE,
  memoryReservationBytes: NONE,
  ociRuntime: [{
    asks: { ociRuntime: "runc" },
    says: refused("oci_runtime", "runc"),
    allowed: { allowOciRuntimes: ["runc"] },
  }],
};

/** What has to be denied first, since by default it is not. */
export function denying(field: string): Partial<Policy> {
  switch (field) {
    case "runtime":
      return { runtimes: [] };
    case "image":
      return { images: ["ghcr.io/me/*"] };
    case "imageUpdates":
      return { requireDigest: true };
    default:
      return {};
  }
}

/** All of them, with the field that they are about. */
export const ALL_ASKED = [
  ...Object.entries(NATIVE_ASKED).flatMap(([field, all]) =>
    all.map(({ asks, says, allowed }) => ({ field, says, allowed, spec: native(asks) }))
  ),
  ...Object.entries(DOCKER_ASKED).flatMap(([field, all]) =>
    all.map(({ asks, says, allowed }) => ({ field, says, allowed, spec: docker(asks) }))
  ),
];
