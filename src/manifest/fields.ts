/**
 * [pure] The one table of manifest fields. It drives reading, checking, defaults, the JSON Schema and the reference: a
 * field that is not here does not exist.
 */
import type { Kind, LogBound } from "../model/workload.ts";
import { artifact, ARTIFACT_FIELDS, GITHUB_FIELDS, PLATFORM_FIELDS } from "./field/artifact.ts";
import { CHANGE_FIELDS } from "./field/on_change.ts";
import { dependency, DEPENDENCY_FIELDS } from "./field/depends_on.ts";
import {
  type Field,
  field,
  flag,
  list,
  mapOf,
  number,
  oneOf,
  oneOrMore,
  type Schema,
  tableOf,
  text,
} from "../schema/schema.ts";
import { JOB_FIELDS } from "./field/job.ts";
import { type Mode, modeFields, modeOf } from "./field/mode.ts";
import { DEPLOYMENT } from "./field/container/deployment.ts";
import { UPDATE_IMAGE_FIELDS } from "./field/container/image.ts";
import { LOGGING_FIELDS } from "./field/container/process_options.ts";
import { MOUNT_FIELDS } from "./field/container/mount.ts";
import { workloadName } from "./field/name.ts";
import { SERVICE_DEVICE_FIELDS } from "./field/devices.ts";
import { DOCKER_FIELDS, NATIVE_FIELDS, nativePort } from "./field/port.ts";
import { WINDOW_FIELDS } from "./field/maintenance_window.ts";
import { PROBE_FIELDS } from "./field/probe.ts";
import { PRIVILEGE_FIELDS } from "./field/privileges.ts";
import { duration, size } from "../schema/quantity.ts";
import { restart, RESTART_FIELDS, restartPolicy } from "./field/restart.ts";
import { envValue, SECRET_FIELDS, secretFile } from "./field/secret_fields.ts";
import { signalName } from "./field/signal.ts";
import { ROLLOUT_FIELDS } from "./field/rollout.ts";
import { EVERY_DEVICE } from "./device/selector.ts";
import { on, ON_FIELDS } from "./device/selector.ts";
import { shellWords } from "./field/shell_words.ts";

const ENV_NAME = { pattern: /^[A-Za-z_][A-Za-z0-9_]*$/, expected: "letters, digits and _, not beginning with a digit" };

/** Of one instance, where its manifest says nothing: a board's card has room for dozens of these. */
export const LOGS: LogBound = { maxBytes: 10 * 1024 * 1024, maxFiles: 2 };

/** What is read before the fields are: there is nothing of it left here. */
const tables: Schema<unknown> = { expected: "a table", jsonSchema: { type: "object" }, read: (value) => value };

/** Nothing that moves a cursor or turns the direction of writing. */
const ONE_LINE = /^[^\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$/u;

const RESOURCE_FIELDS: Field[] = [
  field("memory", size, null, { doc: "Limit of memory", example: 'memory = "64Mi"' }),
  field("memory_reservation", size, null, {
    doc: "Of a container: what it may keep when memory is short",
    example: 'memory_reservation = "32Mi"',
  }),
  field("cpu", number({ min: 0.01, max: 1024, whole: false }), null, { doc: "Limit in cores", example: "cpu = 0.5" }),
  field("pids", number({ min: 1, max: 4_194_304 }), null, {
    defaultText: "of a container 2048",
    doc: "Limit of processes and threads",
    example: "pids = 100",
  }),
];

const LOG_FIELDS: Field[] = [
  field("max_size", size, LOGS.maxBytes, {
    defaultText: '"10Mi"',
    doc: "Of the file that is written to",
    example: 'max_size = "1Mi"',
  }),
  field("max_files", number({ min: 0, max: 100 }), LOGS.maxFiles, {
    defaultText: "2",
    doc: "Compressed archives of what came before",
    example: "max_files = 5",
  }),
];

const COMMON: Field[] = [
  field("name", workloadName, undefined, {
    defaultText: "the file's name",
    doc: "Who it is; another name is another workload",
    example: 'name = "web"',
  }),
  field("description", text({ pattern: ONE_LINE, expected: "one line of text", empty: true }), "", {
    doc: "One line for the page",
    example: 'description = "The front door"',
  }),
  field("enabled", flag, true, {
    defaultText: "true",
    doc: "false keeps the definition, and runs nothing",
    example: "enabled = false",
  }),
  field("suspend", flag, false, {
    defaultText: "false",
    doc: "true leaves what runs exactly as it is",
    example: "suspend = true",
  }),
  field("on", on, EVERY_DEVICE, {
    defaultText: "every device",
    doc: "On which devices: names with *, !name for not, or label=value; or a table of what must hold",
    example: 'on = ["pi-*", "!pi-lab"]',
  }),
  field("overlay", tables, {}, {
    doc: "Fields for the devices that a name, or label=value, fits: laid over the others",
    example: 'overlay = { "pi-lab" = { replicas = 2 } }',
  }),
  field("vars", tables, {}, {
    doc: "What ${vars.NAME} stands for in its strings, above those of vars.toml",
    example: 'vars = { domain = "example.org" }',
  }),
  field("replicas", number({ min: 1, max: 100 }), 1, {
    defaultText: "1",
    doc: "How many instances",
    example: "replicas = 3",
  }),
  field("env", mapOf(envValue, ENV_NAME), {}, {
    doc: 'Variables of its environment; an encrypted one is "age:..." or a table',
    example: 'env = { MODE = "quiet", TOKEN = { secret = "api-token" } }',
  }),
  field("env_file", oneOrMore(text(), "a string or an array of strings"), [], {
    doc: "Files of the folder with KEY=VALUE lines; env wins",
    example: 'env_file = "defaults.env"',
  }),
  field("secrets", list(secretFile, "an array of names"), [], {
    doc: "Secrets that it finds as files in $CREDENTIALS_DIRECTORY: names, or tables",
    example: 'secrets = ["tls-key"]',
  }),
  field("depends_on", list(dependency, "an array of names"), [], {
    doc: "Workloads that must be ready before it starts: names, or tables",
    example: 'depends_on = ["db"]',
  }),
  field("restart", restart, restartPolicy("always"), {
    defaultText: '"always"',
    doc: 'After which end it is started again: "always", "on-failure", "never", or a table',
    example: 'restart = { policy = "on-failure", max_restarts = 5 }',
  }),
  ...JOB_FIELDS,
  field("stop_signal", signalName, "SIGTERM", {
    defaultText: '"SIGTERM"',
    doc: "The signal that asks it to end",
    example: 'stop_signal = "SIGINT"',
  }),
  field("stop_timeout", duration(), 10_000, {
    defaultText: '"10s"',
    doc: "After this it is killed",
    example: 'stop_timeout = "30s"',
  }),
  field("health", tableOf(PROBE_FIELDS, 'a table like { path = "/healthz", port = 8080 }'), null, {
    doc: "How to see that it works",
    example: 'health = { path = "/healthz", port = 8080 }',
  }),
  field("resources", tableOf(RESOURCE_FIELDS), null, {
    doc: "Limits of memory, CPU and processes, enforced by the kernel",
    example: 'resources = { memory = "64Mi", cpu = 0.5 }',
  }),
  field("logs", tableOf(LOG_FIELDS), null, {
    defaultText: "10Mi and 2 archives",
    doc: "How much of its output is kept, for each instance",
    example: 'logs = { max_size = "1Mi", max_files = 5 }',
  }),
  ...CHANGE_FIELDS,
  field("rollout", tableOf(ROLLOUT_FIELDS), null, {
    defaultText: "what fits it, within 5 minutes",
    doc: "How it is taken to what a push asks for, and how long that may take",
    example: 'rollout = { strategy = "start-first", deadline = "2m" }',
  }),
  field("drift", oneOf("repair", "report", "off"), "repair", {
    defaultText: '"repair"',
    doc: "What follows when something of it was changed by hand",
    example: 'drift = "report"',
  }),
  field("prune", oneOf("delete", "stop", "keep"), "delete", {
    defaultText: '"delete"',
    doc: 'When git no longer holds it: "stop" and "keep" leave it until the owner confirms its removal',
    example: 'prune = "keep"',
  }),
  field("moved_from", workloadName, null, {
    doc: "The name that it had before: what runs is taken over",
    example: 'moved_from = "webserver"',
  }),
];

/** Relative to the workload's folder and inside of it, or absolute on the device. */
const FOLDER = /^(?!(.*\/)?\.\.(\/|$))[^\0]+$/;

const SERVICE: Field[] = [
  field("command", shellWords, undefined, {
    required: true,
    doc: 'Program and arguments, without a shell; "./x" is a file of its folder',
    example: 'command = ["./serve.sh", "--fast"]',
  }),
  field("artifact", artifact, null, {
    doc: 'A download with a program; "./x" is looked for in its folder, then in here',
    example: `artifact = { url = "https://example.org/app.tar.gz", sha256 = "${"0".repeat(64)}" }`,
  }),
  field("working_dir", text({ pattern: FOLDER, expected: 'a folder like "site", or an absolute path' }), null, {
    defaultText: "the folder with its files, or its artifact's",
    doc: "Where it begins: below that, or an absolute path",
    example: 'working_dir = "site"',
  }),
  field("ports", list(nativePort, "an array of port numbers"), [], {
    doc: "Ports that it listens on; it finds them as PORT and PORT_<NAME>",
    example: 'ports = [{ name = "http", port = 8080 }]',
  }),
  ...PRIVILEGE_FIELDS,
  ...SERVICE_DEVICE_FIELDS,
];

const OWN: Record<Mode, readonly Field[]> = { native: SERVICE, container: DEPLOYMENT };

const TABLE: Record<Kind, Field[]> = { service: tableOfKind("service"), deployment: tableOfKind("deployment") };

function tableOfKind(kind: Kind): Field[] {
  return [...COMMON.slice(0, 2), ...OWN[modeOf(kind)], ...COMMON.slice(2), ...modeFields(kind, OWN)];
}

/** Every field that a manifest of this kind may have, in the order of the reference. */
export function fieldsOf(kind: Kind): readonly Field[] {
  return TABLE[kind];
}

/** The fields that only this mode has; all others hold for every mode. */
export function ownFields(mode: Mode): readonly Field[] {
  return OWN[mode];
}

/** Tables inside of a manifest with fields of their own, for the reference. */
export const SUB_TABLES: readonly { name: string; fields: readonly Field[] }[] = [
  { name: "on", fields: ON_FIELDS },
  { name: "secrets", fields: SECRET_FIELDS },
  { name: "depends_on", fields: DEPENDENCY_FIELDS },
  { name: "health", fields: PROBE_FIELDS },
  { name: "restart", fields: RESTART_FIELDS },
  { name: "resources", fields: RESOURCE_FIELDS },
  { name: "logs", fields: LOG_FIELDS },
  { name: "rollout", fields: ROLLOUT_FIELDS },
  { name: "rollout.windows", fields: WINDOW_FIELDS },
  { name: "ports of a service", fields: NATIVE_FIELDS },
  { name: "ports of a deployment", fields: DOCKER_FIELDS },
  { name: "mounts", fields: MOUNT_FIELDS },
  { name: "logging", fields: LOGGING_FIELDS },
  { name: "update_image", fields: UPDATE_IMAGE_FIELDS },
  { name: "artifact", fields: ARTIFACT_FIELDS },
  { name: "artifact.github", fields: GITHUB_FIELDS },
  { name: "artifact of one architecture", fields: PLATFORM_FIELDS },
];
