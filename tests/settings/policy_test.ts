import assert from "node:assert/strict";
import { join } from "node:path";
import { loadGiven as load, URL_LINE } from "./load_given.ts";

Deno.test("what the policy does not name is denied, but for ports that no other machine relies on", async () => {
  const { cwd, settings } = await load({ text: URL_LINE });
  assert.deepEqual(settings?.policy, {
    allowRoot: false,
    allowUsers: [],
    allowGroups: [],
    allowCapabilities: [],
    allowPrivileged: false,
    allowPriority: false,
    allowDevices: [],
    allowGpus: false,
    allowHostNetwork: false,
    allowHostPaths: [],
    allowVolumes: [],
    allowNetworks: [],
    allowOciRuntimes: [],
    images: [],
    requireDigest: false,
    artifactHosts: [],
    runtimes: ["native", "docker"],
    ports: [{ from: 1024, to: 65_535 }],
    daemonVersions: [],
    maxWorkloads: 500,
    maxInstances: 1000,
    own: { ports: [3080], paths: [join(cwd, "data"), "/etc/harbornode", join(cwd, "config.toml")] },
  });
});

Deno.test("the policy takes all that can be allowed", async () => {
  const text = `${URL_LINE}
    [policy]
    allow_root = true
    allow_users = ["media", 1000, "2000-2999"]
    allow_groups = ["dialout", 20]
    allow_devices = ["/dev/ttyUSB*", "/dev/serial/by-id/usb-1:0"]
    allow_capabilities = ["CAP_NET_BIND_SERVICE", "CAP_CHECKPOINT_RESTORE"]
    allow_priority = true
    allow_host_paths = ["/srv/media"]
    allow_volumes = ["media_films"]
    allow_networks = ["proxy_default"]
    allow_oci_runtimes = ["runsc"]
    images = ["nginx", "ghcr.io/me/*", "registry.lan:5000/*"]
    require_digest = true
    artifact_hosts = ["github.com", "*.example.org"]
    runtimes = ["native"]
    ports = [443, "80", "8000-8999"]
    max_workloads = 20
    max_instances = 40
  `;
  const { settings, problems } = await load({ text });
  assert.deepEqual(problems, []);
  const { policy } = settings!;
  assert.deepEqual([policy.allowUsers, policy.allowGroups], [["media", "1000", "2000-2999"], ["dialout", "20"]]);
  assert.deepEqual(policy.ports, [{ from: 443, to: 443 }, { from: 80, to: 80 }, { from: 8000, to: 8999 }]);
  assert.deepEqual(policy.images, ["nginx", "ghcr.io/me/*", "registry.lan:5000/*"]);
  assert.deepEqual([policy.runtimes, policy.maxWorkloads, policy.maxInstances], [["native"], 20, 40]);
});

Deno.test("the policy is refused where it would not mean what it seems to", async () => {
  const cases: [string, RegExp][] = [
    ['[policy]\nallow_devices = "/dev/video0"', /is "\/dev\/video0", wanted an array of paths/],
    ['[policy]\nallow_devices = ["/dev/x", "/dev/../etc/shadow"]', /allow_devices\[1\]: is "\/dev\/\.\.\/etc\/shadow"/],
    ['[policy]\nallow_devices = ["video0"]', /is "video0", wanted a path like/],
    ['[policy]\nallow_devices = ["/dev"]', /is "\/dev", wanted a path like/],
    ['[policy]\nallow_devices = ["/dev/dri/"]', /is "\/dev\/dri\/", wanted a path like/],
    ['[policy]\nallow_capabilities = ["net_raw"]', /is "net_raw", .*\| did you mean "CAP_NET_RAW"\?/],
    ['[policy]\nallow_capabilities = ["CAP_NET_BIND"]', /is "CAP_NET_BIND", wanted a capability.*CAP_NET_BIND_SERVICE/],
    ['[policy]\nallow_capabilities = ["ALL"]', /is "ALL", wanted a capability/],
    ["[policy]\nallow_gpus = 1", /is 1, wanted true or false/],
    ['[policy]\nallow_host_paths = ["srv"]', /is "srv", wanted an absolute path/],
    ['[policy]\nallow_host_paths = ["/srv/../etc"]', /is "\/srv\/\.\.\/etc", wanted an absolute path/],
    ['[policy]\nallow_networks = ["a b"]', /is "a b", wanted the name of a network/],
    ['[policy]\nallow_privileged = "yes"', /is "yes", wanted true or false/],
    ['[policy]\nallow_root = "no"', /is "no", wanted true or false/],
    ['[policy]\nallow_users = ["root"]', /is "root", which is root \| allow_root = true allows it/],
    ['[policy]\nallow_users = ["0-1000"]', /is "0-1000", which is root/],
    ["[policy]\nallow_groups = [0]", /is 0, which is root/],
    ['[policy]\nallow_users = ["2000-1000"]', /ends before it begins \| write "1000-2000"/],
    ['[policy]\nports = ["8000-90000"]', /is "8000-90000", wanted a port, or a range/],
    ['[policy]\nports = "80"', /is "80", wanted an array of ports/],
    ['[policy]\nimages = ["ghcr.io/*/web"]', /is "ghcr.io\/\*\/web", wanted a repository/],
    ['[policy]\nimages = ["*"]', /is "\*", wanted a repository/],
    ['[policy]\nartifact_hosts = ["https://github.com"]', /wanted a host like "github.com"/],
    ['[policy]\nruntimes = ["podman"]', /is "podman", wanted "native" or "docker"/],
    ["[policy]\nmax_workloads = 0", /is 0, wanted a whole number from 1/],
  ];
  for (const [text, expected] of cases) {
    const { problems } = await load({ text: `${URL_LINE}${text}\n` });
    assert.equal(problems.length, 1, `${text}: ${problems.join("\n")}`);
    assert.match(problems[0]!, expected);
  }
});
