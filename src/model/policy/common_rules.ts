/** What services and deployments can both ask for. */
import type { Port, Workload } from "../workload.ts";
import { isAllowed, isRoot } from "./allowed_accounts.ts";
import type { CommonRules } from "./field_rule.ts";
import { matches } from "./allowed_device_nodes.ts";
import type { Policy } from "./policy.ts";
import { alwaysDeny, type Denial, deny, denyEach } from "./denial.ts";

/** What our own unit and container are called. */
const OWN_NAME = "harbornode";

export const COMMON_RULES: CommonRules = {
  name: ({ name }) =>
    name !== OWN_NAME
      ? []
      : [alwaysDeny({ path: ["name"], value: name, why: "is HarborNode itself", hint: "give it another name" })],
  kind: "says what its manifest is about",
  description: "is shown, as text",
  manifest: "says where it was read",
  enabled: "runs less",
  suspend: "does less",
  runtime: ({ runtime }, { runtimes }) =>
    runtimes.includes(runtime) ? [] : [deny({ path: ["mode"], value: runtime, key: "runtimes", by: "item" })],
  replicas: "counts for max_instances, with those of all workloads (quota.ts)",
  env: "is read by its own program, and by nothing that is root (runtime/native/sandbox/environment_script.ts)",
  ports: ({ ports }, policy) => denyEach(ports, (port, index) => portRefusal(port, { policy, index })),
  user: (spec, policy) => spec.user === null ? [] : userRefusals(spec, { user: spec.user, policy }),
  command: "runs within all that is decided of the other fields",
  workingDir: "is where it begins, and gives it no right to anything there",
  restart: "is bounded by its own delays",
  stopSignal: "goes to its own processes",
  stopTimeoutMs: "is the time of its own stop",
  health: "asks its own ports, and runs commands as its own user",
  minHealthyMs: "is the time of its own rollout",
  files: "lie in its own folder of the repository, and in one of its own on the device",
  onChange: "goes to its own processes, or runs as its own user",
  devices: ({ devices }, { allowDevices }) =>
    denyEach(
      devices,
      (path, index) =>
        allowDevices.some((pattern) => matches(path, pattern))
          ? null
          : deny({ path: ["devices", index], value: path, key: "allow_devices", by: "item" }),
    ),
  gpus: ({ gpus }, { allowGpus }) =>
    gpus === null || allowGpus ? [] : [deny({ path: ["gpus"], value: null, key: "allow_gpus", by: "true" })],
  resources:
    "bounds it; what is promised of memory is looked at for all workloads (reconciler/pipeline/feasibility.ts)",
  logs: "bounds what it writes",
  dependsOn: "lets it wait for others",
  job: "says when it runs, and counts as one",
  rollout: "is about its own versions; what was healthy is kept with the scope of a revision too",
  windows: "makes its own changes wait",
  secrets: "are values that somebody encrypted to this device, and reach it alone",
  drift: "does less",
  prune: "does less",
  movedFrom: "takes over what no manifest holds any more",
};

/** Null is not published, and 0 chosen by the device. */
function portRefusal({ host, protocol }: Port, { policy, index }: { policy: Policy; index: number }): Denial | null {
  if (host === null || host === 0) return null;
  if (protocol === "tcp" && policy.own.ports.includes(host)) {
    const hint = "choose another port, or set another listen_port in config.toml";
    return alwaysDeny({
      path: ["ports", index],
      value: String(host),
      why: "is the port of HarborNode's own page",
      hint,
    });
  }
  if (policy.ports.some(({ from, to }) => host >= from && host <= to)) return null;
  return deny({ path: ["ports", index], value: String(host), key: "ports", by: "item" });
}

/**
 * Of a container root alone is of interest: all other numbers reach nothing but what is mounted. The root that an image
 * begins as by itself is as its author made it, with ten capabilities and no way to more.
 */
function userRefusals(
  { runtime }: Workload,
  { user, policy }: { user: string; policy: Policy },
): Denial[] {
  if (policy.allowRoot) return [];
  const [name = ""] = user.split(":");
  if (isRoot(name)) return [deny({ path: ["user"], value: user, key: "allow_root", by: "true" })];
  if (runtime === "docker" || isAllowed(name, policy.allowUsers)) return [];
  return [deny({ path: ["user"], value: user, key: "allow_users", by: "item" })];
}
