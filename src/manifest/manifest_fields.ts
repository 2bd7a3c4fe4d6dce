/**
 * [pure] The table of manifest fields. It drives reading, checks, defaults, types, the JSON Schema and the reference: a
 * field that is not here does not exist.
 */
import type { Kind, LogBound } from "../model/workload.ts";
import { type Field, field, fields, type Infer, required, tableOf } from "../schema/field_table.ts";
import { duration, size } from "../schema/quantity.ts";
import { flag, list, mapOf, number, oneOf, oneOrMore, type Schema, text } from "../schema/schema.ts";
import { EVERY_DEVICE, on, ON_FIELDS } from "./device/selector.ts";
import { artifact, ARTIFACT_FIELDS, GITHUB_FIELDS, PLATFORM_FIELDS } from "./field/artifact.ts";
import { DEPLOYMENT_FIELDS } from "./field/container/deployment.ts";
import { UPDATE_IMAGE_FIELDS } from "./field/container/image.ts";
import { MOUNT_FIELDS } from "./field/container/mount.ts";
import { LOGGING_FIELDS } from "./field/container/process_options.ts";
import { dependency, DEPENDENCY_FIELDS } from "./field/depends_on.ts";
import { SERVICE_DEVICE_FIELDS } from "./field/devices.ts";
import { JOB_FIELDS } from "./field/job.ts";
import { WINDOW_FIELDS } from "./field/maintenance_window.ts";
import { type Mode, modeFields } from "./field/runtime_mode.ts";
import { workloadName } from "./field/name.ts";
import { CHANGE_FIELDS } from "./field/on_change.ts";
import { DEPLOYMENT_PORT_FIELDS, nativePort, SERVICE_PORT_FIELDS } from "./field/port.ts";
import { PRIVILEGE_FIELDS } from "./field/privileges.ts";
import { PROBE_FIELDS } from "./field/probe.ts";
import { restart, RESTART_FIELDS, restartPolicy } from "./field/restart.ts";
import { ROLLOUT_FIELDS } from "./field/rollout.ts";
import { envValue, SECRET_FIELDS, secretFile } from "./field/secret_fields.ts";
import { shellWords } from "./field/shell_words.ts";
import { signalName } from "./field/signal.ts";

const ENV_NAME = { pattern: /^[A-Za-z_][A-Za-z0-9_]*$/, expected: "letters, digits and _, not beginning with a digit" };

/** Default log rotation of an instance: the card of a board has room for dozens of these. */
export const LOGS: LogBound = { maxBytes: 10 * 1024 * 1024, maxFiles: 2 };

/** A table that is resolved before the fields are read. */
const resolvedTable: Schema<unknown> = { expected: "a table", jsonSchema: { type: "object" }, read: (value) => value };

/** No characters that move a cursor or change the direction of writing. */
const ONE_LINE = /^[^\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$/u;

const RESOURCE_FIELDS = fields({
  memory: field(size, null, { doc: "Limit of memory", example: 'memory = "64Mi"' }),
  memory_reservation: field(size, null, {
    doc: "Of a container: what it may keep when memory is short",
    example: 'memory_reservation = "32Mi"',
  }),
  cpu: field(number({ min: 0.01, max: 1024, whole: false }), null, { doc: "Limit in cores", example: "cpu = 0.5" }),
  pids: field(number({ min: 1, max: 4_194_304 }), null, {
    defaultText: "of a container 2048",
    doc: "Limit of processes and threads",
    example: "pids = 100",
  }),
});

export const LOG_FIELDS = fields({
  max_size: field(size, LOGS.maxBytes, {
    defaultText: '"10Mi"',
    doc: "Of the file that is written to",
    example: 'max_size = "1Mi"',
  }),
  max_files: field(number({ min: 0, max: 100 }), LOGS.maxFiles, {
    defaultText: "2",
    doc: "Compressed archives of what came before",
    example: "max_files = 5",
  }),
});

/** The fields in front of those that one mode has only. */
const HEAD_FIELDS = fields({
  name: field(workloadName, undefined, {
    defaultText: "the file's name",
    doc: "Who it is; another name is another workload",
    example: 'name = "web"',
  }),
  description: field(text({ pattern: ONE_LINE, expected: "one line of text", empty: true }), "", {
    doc: "One line for the page",
    example: 'description = "The front door"',
  }),
});

const REST_FIELDS = fields({
  enabled: field(flag, true, {
    defaultText: "true",
    doc: "false keeps the definition, and runs nothing",
    example: "enabled = false",
  }),
  suspend: field(flag, false, {
    defaultText: "false",
    doc: "true: git changes nothing of it. It is kept running as last applied, through crashes and boots",
    example: "suspend = true",
  }),
  on: field(on, EVERY_DEVICE, {
    defaultText: "every device",
    doc: "On which devices: names with *, !name for not, or label=value; or a table of what must hold",
    example: 'on = ["pi-*", "!pi-lab"]',
  }),
  overlay: field(resolvedTable, {}, {
    doc: "Fields for the devices that a name, or label=value, fits: laid over the others",
    example: 'overlay = { "pi-lab" = { replicas = 2 } }',
  }),
  vars: field(resolvedTable, {}, {
    doc: "What ${vars.NAME} stands for in its strings, above those of vars.toml",
    example: 'vars = { domain = "example.org" }',
  }),
  replicas: field(number({ min: 1, max: 100 }), 1, {
    defaultText: "1",
    doc: "How many instances",
    example: "replicas = 3",
  }),
  env: field(mapOf(envValue, ENV_NAME), {}, {
    doc: 'Variables of its environment; an encrypted one is "age:..." or a table',
    example: 'env = { MODE = "quiet", TOKEN = { secret = "api-token" } }',
  }),
  env_file: field(oneOrMore(text(), "a string or an array of strings"), [], {
    doc: "Files of the folder with KEY=VALUE lines; env wins",
    example: 'env_file = "defaults.env"',
  }),
  secrets: field(list(secretFile, "an array of names"), [], {
    doc: "Secrets that it finds as files in $CREDENTIALS_DIRECTORY: names, or tables",
    example: 'secrets = ["tls-key"]',
  }),
  depends_on: field(list(dependency, "an array of names"), [], {
    doc: "Workloads that must be ready before it starts: names, or tables",
    example: 'depends_on = ["db"]',
  }),
  restart: field(restart, restartPolicy("always"), {
    defaultText: '"always"',
    doc: 'After which end it is started again: "always", "on-failure", "never", or a table',
    example: 'restart = { policy = "on-failure", max_restarts = 5 }',
  }),
  ...JOB_FIELDS,
  stop_signal: field(signalName, null, {
    defaultText: "the image's, or SIGTERM",
    doc: "Signal that asks it to end, as in signal(7): with or without SIG, or as a number",
    example: 'stop_signal = "SIGINT"',
  }),
  stop_timeout: field(duration(), 10_000, {
    defaultText: '"10s"',
    doc: "Time for all its processes to end after stop_signal; then they are killed",
    example: 'stop_timeout = "30s"',
  }),
  health: field(tableOf(PROBE_FIELDS, 'a table like { path = "/healthz", port = 8080 }'), null, {
    doc: "How to see that it works",
    example: 'health = { path = "/healthz", port = 8080 }',
  }),
  resources: field(tableOf(RESOURCE_FIELDS), null, {
    doc: "Limits of memory, CPU and processes, enforced by the kernel",
    example: 'resources = { memory = "64Mi", cpu = 0.5 }',
  }),
  logs: field(tableOf(LOG_FIELDS), null, {
    defaultText: "10Mi and 2 archives",
    doc: "How much of its output is kept, for each instance",
    example: 'logs = { max_size = "1Mi", max_files = 5 }',
  }),
  ...CHANGE_FIELDS,
  rollout: field(tableOf(ROLLOUT_FIELDS), null, {
    defaultText: "what fits it, within 5 minutes",
    doc: "How it is taken to what a push asks for, and how long that may take",
    example: 'rollout = { strategy = "start-first", deadline = "2m" }',
  }),
  drift: field(oneOf("repair", "report", "off"), "repair", {
    defaultText: '"repair"',
    doc: "What follows when something of it was changed by hand",
    example: 'drift = "report"',
  }),
  prune: field(oneOf("delete", "stop", "keep"), "delete", {
    defaultText: '"delete"',
    doc: 'When git no longer holds it: "stop" and "keep" leave it until the owner confirms its removal',
    example: 'prune = "keep"',
  }),
  moved_from: field(workloadName, null, {
    doc: "The name that it had before: what runs is taken over",
    example: 'moved_from = "webserver"',
  }),
});

/** A path inside the workload's folder, or an absolute one. */
const FOLDER = /^(?!(.*\/)?\.\.(\/|$))[^\0]+$/;

const SERVICE_FIELDS = fields({
  command: required(shellWords, {
    doc: 'Program and arguments, without a shell; "./x" is a file of its folder',
    example: 'command = ["./serve.sh", "--fast"]',
  }),
  artifact: field(artifact, null, {
    doc: 'A download with a program; "./x" is looked for in its folder, then in here',
    example: `artifact = { url = "https://example.org/app.tar.gz", sha256 = "${"0".repeat(64)}" }`,
  }),
  working_dir: field(text({ pattern: FOLDER, expected: 'a folder like "site", or an absolute path' }), null, {
    defaultText: "the folder with its files, or its artifact's",
    doc: "Where it begins: below that, or an absolute path",
    example: 'working_dir = "site"',
  }),
  ports: field(list(nativePort, "an array of port numbers"), [], {
    doc: "Ports that it listens on; it finds them as PORT and PORT_<NAME>",
    example: 'ports = [{ name = "http", port = 8080 }]',
  }),
  ...PRIVILEGE_FIELDS,
  ...SERVICE_DEVICE_FIELDS,
});

/** The fields that hold for every mode. */
export const COMMON_FIELDS = { ...HEAD_FIELDS, ...REST_FIELDS };

/** The fields that only one mode has. */
export const OWN_FIELDS = { native: SERVICE_FIELDS, container: DEPLOYMENT_FIELDS };

/** Every field that a manifest of a kind may have, in the order of the reference. */
export const MANIFEST_FIELDS = {
  service: { ...HEAD_FIELDS, ...SERVICE_FIELDS, ...REST_FIELDS, ...modeFields("service", OWN_FIELDS) },
  deployment: { ...HEAD_FIELDS, ...DEPLOYMENT_FIELDS, ...REST_FIELDS, ...modeFields("deployment", OWN_FIELDS) },
};

export type CommonRead = Infer<typeof COMMON_FIELDS>;
export type ServiceRead = Infer<typeof SERVICE_FIELDS>;
export type DeploymentRead = Infer<typeof DEPLOYMENT_FIELDS>;

/** Returns the fields of a manifest of this kind, in the order of the reference. */
export function fieldsOf(kind: Kind): readonly Field[] {
  return Object.values<Field>(MANIFEST_FIELDS[kind]);
}

/** True for a field that manifests of this kind have. */
export function isFieldOf(kind: Kind, name: string): boolean {
  return Object.hasOwn(MANIFEST_FIELDS[kind], name);
}

/** True for a field that only this mode has. */
export function isOwnField(mode: Mode, name: string): boolean {
  return Object.hasOwn(OWN_FIELDS[mode], name);
}

/** Tables inside a manifest, for the reference. */
export const SUB_TABLES: readonly { name: string; fields: readonly Field[] }[] = Object.entries({
  "on": ON_FIELDS,
  "secrets": SECRET_FIELDS,
  "depends_on": DEPENDENCY_FIELDS,
  "health": PROBE_FIELDS,
  "restart": RESTART_FIELDS,
  "resources": RESOURCE_FIELDS,
  "logs": LOG_FIELDS,
  "rollout": ROLLOUT_FIELDS,
  "rollout.windows": WINDOW_FIELDS,
  "ports of a service": SERVICE_PORT_FIELDS,
  "ports of a deployment": DEPLOYMENT_PORT_FIELDS,
  "mounts": MOUNT_FIELDS,
  "logging": LOGGING_FIELDS,
  "update_image": UPDATE_IMAGE_FIELDS,
  "artifact": ARTIFACT_FIELDS,
  "artifact.github": GITHUB_FIELDS,
  "artifact of one architecture": PLATFORM_FIELDS,
}).map(([name, table]) => ({ name, fields: Object.values<Field>(table) }));
