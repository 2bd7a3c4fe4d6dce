/**
 * What a hostile repository could hold, one manifest each, and what is said of it. Each name is that of the file; what is
 * said is of the workload of that name, or of `of`.
 */

export interface Escape {
  name: string;
  manifest: string | Uint8Array;
  kind?: "services" | "deployments";
  /** Beside it, in its folder. */
  files?: Record<string, string>;
  /** In its folder or beside it, to where they lead. */
  links?: Record<string, string>;
  /** Another name than the file's. */
  of?: string;
  says: RegExp;
}

export interface Surroundings {
  /** Of the device's page. */
  port: number;
  dataDir: string;
  /** A busybox. */
  image: string;
  /** A volume and a network of somebody else. */
  volume: string;
  network: string;
}

const SLEEP = 'command = ["/bin/sleep", "3600"]\n';
const native = (lines: string) => `${SLEEP}${lines}\n`;
const denied = (what: string) => new RegExp(`^${what.replace(/[[\]().*+?]/g, "\\$&")}`);
const owner = (field: string, value: string) =>
  denied(`${field}: the owner of this device does not allow ${JSON.stringify(value)}`);

export function processes({ port }: Surroundings): Escape[] {
  const sha256 = "0".repeat(64);
  return [
    { name: "as-root", manifest: native('user = "root"'), says: owner("user", "root") },
    { name: "as-zero", manifest: native('user = "00"'), says: owner("user", "00") },
    { name: "as-daemon", manifest: native('user = "daemon"'), says: owner("user", "daemon") },
    {
      name: "in-docker",
      manifest: native('supplementary_groups = ["docker"]'),
      says: owner("supplementary_groups", "docker"),
    },
    { name: "in-shadow", manifest: native('group = "shadow"'), says: owner("group", "shadow") },
    {
      name: "capable",
      manifest: native('capabilities = ["CAP_SYS_ADMIN"]'),
      says: owner("capabilities", "CAP_SYS_ADMIN"),
    },
    { name: "set-uid", manifest: native("no_new_privileges = false"), says: owner("no_new_privileges", "false") },
    { name: "first", manifest: native("nice = -20"), says: owner("nice", "-20") },
    { name: "immortal", manifest: native("oom_score_adj = -1000"), says: owner("oom_score_adj", "-1000") },
    { name: "real-time", manifest: native("limits = { rtprio = 99 }"), says: owner("limits", "rtprio") },
    { name: "memory-node", manifest: native('devices = ["/dev/mem"]'), says: owner("devices", "/dev/mem") },
    { name: "disk-node", manifest: native('devices = ["/dev/../dev/sda"]'), says: /has 1 problem/ },
    { name: "gpu", manifest: native('gpus = "all"'), says: denied("gpus: the owner of this device does not allow it") },
    { name: "sshd", manifest: native("ports = [22]"), says: owner("ports", "22") },
    {
      name: "our-page",
      manifest: native(`ports = [${port}]`),
      says: denied(`ports: "${port}" is the port of HarborNode's own page`),
    },
    {
      name: "flood",
      manifest: native("replicas = 100"),
      says: denied("replicas: the owner of this device allows 10 instances in all"),
    },
    {
      name: "ourselves",
      of: "harbornode",
      manifest: native('name = "harbornode"'),
      says: denied('name: "harbornode" is HarborNode itself'),
    },
    {
      name: "metadata",
      manifest: `command = "./latest"\n[artifact]\nurl = "http://169.254.169.254/latest"\nsha256 = "${sha256}"\n`,
      says: owner("artifact", "169.254.169.254"),
    },
    {
      name: "local-file",
      manifest: `command = "./x"\n[artifact]\nurl = "file:///etc/shadow"\nsha256 = "${sha256}"\n`,
      says: /has 1 problem/,
    },
    { name: "up-name", manifest: native('name = "../../etc"'), says: /problem/ },
    { name: "nul-name", manifest: native('name = "a\\u0000b"'), says: /problem/ },
    { name: "alike", manifest: native('name = "g\\u043eod"'), says: /problem/ },
    { name: "cursor", manifest: native('description = "\\u001b[2J"'), says: /problem/ },
    { name: "turned", manifest: native('description = "\\u202egnp.exe"'), says: /problem/ },
    { name: "up-program", manifest: 'command = "./../../../../bin/sh"\n', says: /problem/ },
    { name: "up-env", manifest: native('env_file = "../good/secret.env"'), says: /problem/ },
    { name: "shadow-env", manifest: native('env_file = "/etc/shadow"'), says: /problem/ },
    { name: "linked-env", manifest: native('env_file = "x.env"'), links: { "x.env": "/etc/shadow" }, says: /problem/ },
    {
      name: "linked-file",
      manifest: native(""),
      links: { "deep/passwd": "../../../../../../etc/passwd" },
      says: /problem/,
    },
    { name: "taken-name", manifest: native('moved_from = "good"'), says: /problem/ },
    { name: "ring-a", manifest: native('depends_on = ["ring-b"]'), says: /problem/ },
    { name: "ring-b", manifest: native('depends_on = ["ring-a"]'), says: /problem/ },
    { name: "deep", manifest: `x = ${"[".repeat(5000)}${"]".repeat(5000)}\n`, says: /problem/ },
    { name: "wide", manifest: `a${".a".repeat(20_000)} = 1\n`, says: /problem/ },
    { name: "huge", manifest: `${SLEEP}# ${"x".repeat(2 * 1024 * 1024)}\n`, says: /problem/ },
    { name: "no-text", manifest: new Uint8Array([0xff, 0xfe, 0x00, 0x80]), says: /problem/ },
    {
      name: "closed-folder",
      manifest: native('working_dir = "/root"'),
      says: /cannot pass the folder|cannot|permission/,
    },
  ];
}

export function containers({ image, port, dataDir, volume, network }: Surroundings): Escape[] {
  const container = (lines: string) => `image = "${image}"\n${SLEEP}${lines}\n`;
  const each: [string, string, RegExp][] = [
    ["privileged", "privileged = true", denied("privileged: the owner of this device does not allow it")],
    ["host-network", 'network = "host"', owner("network", "host")],
    ["root-asked", 'user = "0:0"', owner("user", "0:0")],
    ["sys-admin", 'cap_add = ["SYS_ADMIN"]', owner("cap_add", "CAP_SYS_ADMIN")],
    ["no-seccomp", 'security_opt = ["seccomp=unconfined"]', owner("security_opt", "seccomp=unconfined")],
    ["gains", 'security_opt = ["no-new-privileges:false"]', owner("security_opt", "no-new-privileges:false")],
    ["socket", 'mounts = ["/var/run/docker.sock:/s"]', owner("mounts", "/var/run/docker.sock")],
    ["whole-disk", 'mounts = ["/:/host"]', denied('mounts: "/" would give away HarborNode\'s own files')],
    ["our-state", `mounts = ["${dataDir}/state:/s"]`, denied(`mounts: "${dataDir}/state" would give away`)],
    ["around", `mounts = ["${dataDir}/./..//data/:/s"]`, /problem|would give away/],
    ["up-mount", 'mounts = ["../../good:/x"]', /problem/],
    ["foreign-volume", `mounts = ["${volume}:/x"]`, owner("mounts", volume)],
    ["foreign-network", `networks = ["${network}"]`, owner("networks", network)],
    ["loop-node", 'devices = ["/dev/loop-control"]', owner("devices", "/dev/loop-control")],
    ["plain-runc", 'oci_runtime = "runc"', owner("oci_runtime", "runc")],
    ["io-runtime", 'oci_runtime = "io.containerd.runc.v2"', owner("oci_runtime", "io.containerd.runc.v2")],
    ["our-port", `ports = ["${port}:80"]`, denied(`ports: "${port}" is the port of HarborNode's own page`)],
    ["forged", 'labels = { "harbornode.device" = "x" }', /problem/],
    ["syslog", 'logging = { driver = "syslog" }', /problem/],
    ["kernel", 'sysctls = { "kernel.core_pattern" = "|/bin/sh" }', /problem/],
    ["pid-host", 'pid = "host"', /problem/],
    ["real-time-too", "ulimits = { rtprio = 99 }", owner("ulimits", "rtprio")],
  ];
  return each.map(([name, lines, says]): Escape => ({
    name: `c-${name}`,
    kind: "deployments",
    manifest: container(lines),
    says,
  }));
}
