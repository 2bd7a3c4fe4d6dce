/** [pure] Names of fields in other tools, and the hints for them. */
import type { Kind } from "../model/workload.ts";
import { type Mode, modeOf, otherMode } from "./field/runtime_mode.ts";
import { isFieldOf, isOwnField } from "./manifest_fields.ts";

const HABITS: Record<string, string> = {
  volumes: "mounts",
  environment: "env",
  cmd: "command",
  exec: "command",
  args: "command",
  run: "command",
  healthcheck: "health",
  probe: "health",
  port: "ports",
  targets: "on",
  hosts: "on",
  cwd: "working_dir",
  workdir: "working_dir",
  restart_policy: "restart",
  stop_grace_period: "stop_timeout",
  kill_timeout: "stop_timeout",
  scale: "replicas",
  limits: "resources",
  cpu: "resources",
  cpus: "resources",
  memory: "resources",
  mem_limit: "resources",
  pids: "resources",
  pids_limit: "resources",
};

/** Names of compose that no field here has, and what to write instead. */
const INSTEAD: Record<string, string> = {
  network_mode: 'write network = "none" or "host", or networks = ["NAME"]',
  net: 'write network = "none" or "host", or networks = ["NAME"]',
  network_aliases: 'write aliases = ["NAME"]',
  links: "take it out: deployments of one namespace find each other by name",
  external_links: "take it out: deployments of one namespace find each other by name",
  expose: "write ports = [80]: a port without a host part is not published",
  build: "push the image to a registry, and name it in image",
  container_name: "take it out: aliases are further names in its networks",
  domainname: 'write hostname = "web.example.org"',
  dns_search: "write whole names, or extra_hosts",
  deploy: "write replicas, resources and rollout at the top",
  profiles: 'write on = ["pi-*"] for the devices that it is for',
  configs: 'put the file into the folder, and write mounts = ["./NAME:/path:ro"]',
  volumes_from: 'name the volume in both: mounts = ["data:/data"]',
  cpu_shares: "write resources = { cpu = 0.5 }",
  cpu_quota: "write resources = { cpu = 0.5 }",
  cpuset: "write resources = { cpu = 0.5 }",
  memswap_limit: 'write resources = { memory = "64Mi" }',
  mem_reservation: 'write resources = { memory_reservation = "32Mi" }',
  log_driver: 'write logging = { driver = "local" }',
  log_opt: 'write logs = { max_size = "10Mi", max_files = 2 }',
  runtime: 'write oci_runtime = "runsc"',
  annotations: "write labels",
  device_requests: 'write gpus = "all", or how many',
  device_cgroup_rules: 'write devices = ["/dev/NAME"]',
  pid: "take it out: a container has its own processes, and no field to see the device's",
  ipc: "take it out: a container has its own, and shm_size says how large",
  uts: "take it out: a container has a hostname of its own",
  userns_mode: "take it out: Docker's own setting holds for all containers",
  cgroup_parent: "take it out: resources are the limits of each container",
  mac_address: "take it out: Docker chooses it",
};

/** Returns message and hint for a name that is no field of this kind; null for the usual ones. */
export function explainName(kind: Kind, name: string): { message?: string; hint?: string } | null {
  const ours = HABITS[name];
  if (ours !== undefined && isFieldOf(kind, ours)) {
    return { hint: `did you mean "${ours}"?` };
  }
  if (kind === "deployment" && INSTEAD[name] !== undefined) return { hint: INSTEAD[name] };
  const other: Kind = kind === "service" ? "deployment" : "service";
  if (isFieldOf(other, name)) {
    return {
      message: `the field "${name}" belongs to a ${other}, and this is a ${kind}`,
      hint: `move the file to ${other}s/, or the field below [${modeOf(other)}]`,
    };
  }
  return null;
}

/** As `explainName`, for a name below [native] or [container]. */
export function explainInMode(mode: Mode, name: string): { message?: string; hint?: string } | null {
  const other = otherMode(mode);
  if (isOwnField(other, name)) {
    return {
      message: `the field "${name}" belongs to [${other}], and this is [${mode}]`,
      hint: `move it to [${other}]`,
    };
  }
  if (isFieldOf("service", name)) {
    return { message: `the field "${name}" holds for every mode`, hint: `move it to the top, above [${mode}]` };
  }
  if (mode === "container" && INSTEAD[name] !== undefined) return { hint: INSTEAD[name] };
  const ours = HABITS[name];
  return ours !== undefined && isOwnField(mode, ours) ? { hint: `did you mean "${ours}"?` } : null;
}
