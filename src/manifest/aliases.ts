/** [pure] Names that people type from habit, and what they are called here. */
import type { Kind } from "../model/workload.ts";
import { type Mode, modeOf, otherMode } from "./field/mode.ts";
import { fieldsOf, ownFields } from "./fields.ts";

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

/** What to say of a name that is no field of this kind; null for nothing special. */
export function explainName(kind: Kind, name: string): { message?: string; hint?: string } | null {
  const ours = HABITS[name];
  if (ours !== undefined && fieldsOf(kind).some((field) => field.name === ours)) {
    return { hint: `did you mean "${ours}"?` };
  }
  const other: Kind = kind === "service" ? "deployment" : "service";
  if (fieldsOf(other).some((field) => field.name === name)) {
    return {
      message: `the field "${name}" belongs to a ${other}, and this is a ${kind}`,
      hint: `move the file to ${other}s/, or the field below [${modeOf(other)}]`,
    };
  }
  return null;
}

/** The same of a name below [native] or [container]. */
export function explainInMode(mode: Mode, name: string): { message?: string; hint?: string } | null {
  const other = otherMode(mode);
  if (ownFields(other).some((field) => field.name === name)) {
    return {
      message: `the field "${name}" belongs to [${other}], and this is [${mode}]`,
      hint: `move it to [${other}]`,
    };
  }
  if (fieldsOf("service").some((field) => field.name === name)) {
    return { message: `the field "${name}" holds for every mode`, hint: `move it to the top, above [${mode}]` };
  }
  const ours = HABITS[name];
  return ours !== undefined && ownFields(mode).some((field) => field.name === ours)
    ? { hint: `did you mean "${ours}"?` }
    : null;
}
