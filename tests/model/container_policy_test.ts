import assert from "node:assert/strict";
import { checkContainerAllowed, type ContainerPolicy, liesIn } from "../../src/model/container_policy.ts";
import type { DockerWorkload } from "../../src/model/workload.ts";
import { docker } from "../support/workload.ts";

const NOTHING: ContainerPolicy = {
  allowDevices: [],
  allowGpus: false,
  allowCapabilities: [],
  allowRoot: false,
  allowPrivileged: false,
  allowHostNetwork: false,
  allowHostPaths: [],
  allowNetworks: [],
};

/** Each: what a manifest asks for, what is said of it, and the least of a policy that allows it. */
const BOUNDED: { asks: Partial<DockerWorkload>; says: string; key: RegExp; allowed: Partial<ContainerPolicy> }[] = [
  {
    asks: { network: "host" },
    says: 'network: the owner of this device does not allow "host"',
    key: /set allow_host_network = true in \[policy\]/,
    allowed: { allowHostNetwork: true },
  },
  {
    asks: { privileged: true },
    says: "privileged: the owner of this device does not allow it",
    key: /set allow_privileged = true in/,
    allowed: { allowPrivileged: true },
  },
  {
    asks: { capAdd: ["CAP_CHOWN", "CAP_SYS_TIME"] },
    says: 'cap_add: the owner of this device does not allow "CAP_SYS_TIME"',
    key: /add it to allow_capabilities in/,
    allowed: { allowCapabilities: ["CAP_SYS_TIME"] },
  },
  {
    asks: { securityOpt: [{ type: "new-privileges" }] },
    says: 'security_opt: the owner of this device does not allow "no-new-privileges:false"',
    key: /set allow_root = true in/,
    allowed: { allowRoot: true },
  },
  {
    asks: { securityOpt: [{ type: "seccomp", profile: "unconfined" }] },
    says: 'security_opt: the owner of this device does not allow "seccomp=unconfined"',
    key: /set allow_privileged = true in/,
    allowed: { allowPrivileged: true },
  },
  {
    asks: { securityOpt: [{ type: "apparmor", profile: "mine" }] },
    says: 'security_opt: the owner of this device does not allow "apparmor=mine"',
    key: /allow_privileged/,
    allowed: { allowPrivileged: true },
  },
  {
    asks: { securityOpt: [{ type: "label", value: "disable" }] },
    says: 'security_opt: the owner of this device does not allow "label=disable"',
    key: /allow_privileged/,
    allowed: { allowPrivileged: true },
  },
  {
    asks: { mounts: [{ type: "host", source: "/srv/media", target: "/m", readOnly: true }] },
    says: 'mounts: the owner of this device does not allow "/srv/media"',
    key: /add it to allow_host_paths in/,
    allowed: { allowHostPaths: ["/srv/"] },
  },
  {
    asks: { networks: ["proxy_default"] },
    says: 'networks: the owner of this device does not allow "proxy_default"',
    key: /add it to allow_networks in/,
    allowed: { allowNetworks: ["proxy_default"] },
  },
];

for (const { asks, says, key, allowed } of BOUNDED) {
  Deno.test(`the owner's word is needed: ${says}`, () => {
    const workload = docker(asks);
    const everythingElse = Object.keys(allowed).includes("allowPrivileged") ? { allowRoot: true } : {};
    assert.throws(() => checkContainerAllowed(workload, { ...NOTHING, ...everythingElse }), {
      name: "Failure",
      kind: "mistake",
      reason: "policy_denied",
      message: says,
      hint: key,
    });
    checkContainerAllowed(workload, { ...NOTHING, ...allowed });
  });
}

Deno.test("what every container may have needs nobody's word", () => {
  checkContainerAllowed(
    docker({
      capAdd: ["CAP_CHOWN"],
      capDrop: ["ALL"],
      network: "none",
      networks: ["shop"],
      readOnly: true,
      init: true,
      tty: true,
      sysctls: { "net.core.somaxconn": "1" },
      mounts: [
        { type: "files", source: "a", target: "/a", readOnly: true },
        { type: "volume", source: "a", target: "/b", readOnly: false },
        { type: "tmpfs", target: "/c", sizeBytes: null },
      ],
    }),
    NOTHING,
  );
});

Deno.test("a path lies in another one by whole names", () => {
  assert.ok(liesIn("/srv", ["/srv"]));
  assert.ok(liesIn("/srv/a//b/", ["/srv/a/"]));
  assert.ok(liesIn("/srv", ["/"]));
  assert.ok(!liesIn("/srv2", ["/srv"]));
  assert.ok(!liesIn("/", ["/srv"]));
  assert.ok(!liesIn("/srv", []));
});
