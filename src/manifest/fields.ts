/**
 * [pure] The one table of manifest fields. It drives reading, checking, defaults, the JSON Schema and the reference: a
 * field that is not here does not exist.
 */
import type { Kind } from "../model/workload.ts";
import { type Field, flag, type Grammar, list, mapOf, number, oneOf, oneOrMore, tableOf, text } from "./grammar.ts";
import { mount, MOUNT_FIELDS } from "./mount.ts";
import { quote } from "./place.ts";
import { DOCKER_FIELDS, dockerPort, NATIVE_FIELDS, nativePort } from "./port.ts";
import { duration, size } from "./quantity.ts";
import { CHOICE_PATTERN } from "./select.ts";
import { words } from "./words.ts";

/** Safe as a folder, a container's name, a label and in a URL; "-" alone joins words, as in DNS. */
export const NAME_PATTERN = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const NAME_WANTS = "lower-case letters, digits and - (at most 63)";

const ENV_NAME = { pattern: /^[A-Za-z_][A-Za-z0-9_]*$/, wants: "letters, digits and _, not beginning with a digit" };

/** A value of the environment: what TOML can say in one word. */
const envValue: Grammar<string> = {
  wants: "strings, numbers and true or false",
  schema: { type: ["string", "number", "boolean"] },
  read(value, place) {
    if (typeof value === "string") {
      return value.includes("\0") ? place.report("holds a NUL character, which no environment can") : value;
    }
    const plain = typeof value === "bigint" || typeof value === "boolean" || Number.isFinite(value);
    return plain ? String(value) : place.report(`is ${quote(value)}, wanted a string, a number, true or false`);
  },
};

const choice = text({ pattern: CHOICE_PATTERN, wants: 'a device like "pi-*", "!pi-lab" or "label=value"' });

const headerValue = text({ pattern: /^[ -~]*$/, wants: "printable ASCII", empty: true });

const PROBE_FIELDS: Field[] = [
  field("type", oneOf("http", "tcp", "command"), null, {
    doc: "Told by path, port or command when it is left out",
    example: 'type = "http"',
  }),
  field("path", text({ pattern: /^\/[!-~]*$/, wants: 'a path like "/healthz"' }), null, {
    shown: '"/"',
    doc: "http: what to ask for",
    example: 'path = "/healthz"',
  }),
  field("port", portReference(), null, {
    doc: "http, tcp: a number, or the name of one of the ports",
    shown: "the first port",
    example: "port = 8080",
  }),
  field("headers", mapOf(headerValue, { pattern: /^[A-Za-z0-9-]+$/, wants: "letters, digits and -" }), null, {
    doc: "http: sent with it",
    example: 'headers = { Host = "example.org" }',
  }),
  field("command", words, null, {
    doc: "command: healthy when it ends with 0",
    example: 'command = ["./alive.sh"]',
  }),
  field("interval", duration(100), 10_000, { shown: '"10s"', doc: "Between two probes", example: 'interval = "10s"' }),
  field("timeout", duration(1), 5000, {
    shown: '"5s"',
    doc: "A probe without an answer by then has failed",
    example: 'timeout = "5s"',
  }),
  field("retries", number({ min: 1, max: 100 }), 3, {
    shown: "3",
    doc: "Failures in a row until unhealthy",
    example: "retries = 3",
  }),
  field("start_period", duration(), 0, {
    shown: '"0s"',
    doc: "Failures this soon after the start do not count",
    example: 'start_period = "30s"',
  }),
];

const RESOURCE_FIELDS: Field[] = [
  field("memory", size, null, { doc: "Limit of memory", example: 'memory = "64Mi"' }),
  field("cpu", number({ min: 0.01, max: 1024, whole: false }), null, { doc: "Limit in cores", example: "cpu = 0.5" }),
  field("pids", number({ min: 1, max: 4_194_304 }), null, {
    doc: "Limit of processes and threads",
    example: "pids = 100",
  }),
];

const COMMON: Field[] = [
  field("name", text({ pattern: NAME_PATTERN, wants: NAME_WANTS }), undefined, {
    shown: "the file's name",
    doc: "Who it is; another name is another workload",
    example: 'name = "web"',
  }),
  field("description", text({ pattern: /^[^\p{Cc}]*$/u, wants: "one line of text", empty: true }), "", {
    doc: "One line for the page",
    example: 'description = "The front door"',
  }),
  field("enabled", flag, true, {
    shown: "true",
    doc: "false: keep the definition, run nothing",
    example: "enabled = false",
  }),
  field("suspend", flag, false, {
    shown: "false",
    doc: "true: leave what runs exactly as it is",
    example: "suspend = true",
  }),
  field("on", oneOrMore(choice, "a string or an array of strings"), [], {
    shown: "every device",
    doc: "Devices: names with *, !name for not, label=value",
    example: 'on = ["pi-*", "!pi-lab"]',
  }),
  field("replicas", number({ min: 1, max: 100 }), 1, {
    shown: "1",
    doc: "How many instances",
    example: "replicas = 3",
  }),
  field("env", mapOf(envValue, ENV_NAME), {}, { doc: "Environment", example: 'env = { MODE = "quiet" }' }),
  field("env_file", oneOrMore(text(), "a string or an array of strings"), [], {
    doc: "Files of the folder with KEY=VALUE lines; env wins",
    example: 'env_file = "defaults.env"',
  }),
  field("restart", oneOf("always", "on-failure", "never"), "always", {
    shown: '"always"',
    doc: "What follows an end",
    example: 'restart = "on-failure"',
  }),
  field("stop_signal", signalName(), "SIGTERM", {
    shown: '"SIGTERM"',
    doc: "Asks it to end",
    example: 'stop_signal = "SIGINT"',
  }),
  field("stop_timeout", duration(), 10_000, {
    shown: '"10s"',
    doc: "After this it is killed",
    example: 'stop_timeout = "30s"',
  }),
  field("health", tableOf(PROBE_FIELDS, 'a table like { path = "/healthz", port = 8080 }'), null, {
    doc: "How to see that it works",
    example: 'health = { path = "/healthz", port = 8080 }',
  }),
  field("resources", tableOf(RESOURCE_FIELDS), null, {
    doc: "Limits",
    example: 'resources = { memory = "64Mi", cpu = 0.5 }',
  }),
];

/** Relative to the workload's folder and inside of it, or absolute on the device. */
const FOLDER = /^(?!(.*\/)?\.\.(\/|$))[^\0]+$/;
const CONTAINER_USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/;

const SERVICE: Field[] = [
  field("command", words, undefined, {
    required: true,
    doc: 'Program and arguments; no shell. "./x" is a file of the folder',
    example: 'command = ["./serve.sh", "--fast"]',
  }),
  field("user", text({ pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, wants: "the name or number of a user" }), null, {
    shown: "the daemon's",
    doc: "Name or number of the user it runs as",
    example: 'user = "www-data"',
  }),
  field("working_dir", text({ pattern: FOLDER, wants: 'a folder like "site", or an absolute path' }), null, {
    shown: "the folder with its files",
    doc: "Where it begins",
    example: 'working_dir = "site"',
  }),
  field("ports", list(nativePort, "an array of port numbers"), [], {
    doc: "Ports it listens on, given to it as PORT and PORT_<NAME>",
    example: 'ports = [{ name = "http", port = 8080 }]',
  }),
];

const DEPLOYMENT: Field[] = [
  field("image", imageReference(), undefined, { required: true, doc: "What to run", example: 'image = "nginx:1.27"' }),
  field("entrypoint", words, null, {
    shown: "the image's",
    doc: "In the place of the image's",
    example: 'entrypoint = ["/bin/sh"]',
  }),
  field("command", words, null, {
    shown: "the image's",
    doc: "In the place of the image's",
    example: 'command = ["nginx", "-g", "daemon off;"]',
  }),
  field("user", text({ pattern: CONTAINER_USER, wants: 'a user like "www-data" or "1000:1000"' }), null, {
    shown: "the image's",
    doc: "Name or number, of the image; a group may follow",
    example: 'user = "1000:1000"',
  }),
  field("working_dir", text({ pattern: /^\/[^\0]*$/, wants: "an absolute path in the container" }), null, {
    shown: "the image's",
    doc: "Where it begins",
    example: 'working_dir = "/srv"',
  }),
  field("ports", list(dockerPort, 'an array of ports like ["8080:80"]'), [], {
    doc: "As compose writes them; without a host part not published",
    example: 'ports = ["8080:80"]',
  }),
  field("mounts", list(mount, "an array of mounts"), [], {
    doc: '"./x:/path:ro" from the folder, "name:/path" a volume',
    example: 'mounts = ["./site:/www:ro", "data:/data"]',
  }),
];

const TABLE: Record<Kind, Field[]> = {
  service: [...COMMON.slice(0, 2), ...SERVICE, ...COMMON.slice(2)],
  deployment: [...COMMON.slice(0, 2), ...DEPLOYMENT, ...COMMON.slice(2)],
};

/** Every field that a manifest of this kind may have, in the order of the reference. */
export function fieldsOf(kind: Kind): readonly Field[] {
  return TABLE[kind];
}

/** Tables inside of a manifest with fields of their own, for the reference. */
export const SUB_TABLES: readonly { name: string; fields: readonly Field[] }[] = [
  { name: "health", fields: PROBE_FIELDS },
  { name: "resources", fields: RESOURCE_FIELDS },
  { name: "ports of a service", fields: NATIVE_FIELDS },
  { name: "ports of a deployment", fields: DOCKER_FIELDS },
  { name: "mounts", fields: MOUNT_FIELDS },
];

interface FieldDetail {
  shown?: string;
  required?: boolean;
  doc: string;
  example: string;
}

function field(name: string, grammar: Grammar<unknown>, fallback: unknown, detail: FieldDetail): Field {
  return { name, grammar, fallback, shown: detail.shown ?? "", ...detail };
}

function signalName(): Grammar<string> {
  const signals = oneOf("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL");
  const read: Grammar<string>["read"] = (value, place) =>
    signals.read(typeof value === "string" && !value.startsWith("SIG") ? `SIG${value}` : value, place);
  const { enum: names } = signals.schema as { enum: string[] };
  return { ...signals, schema: { enum: [...names, ...names.map((name) => name.slice(3))] }, read };
}

function portReference(): Grammar<number | string> {
  const whole = number({ min: 1, max: 65_535 });
  return {
    wants: "a port number or the name of a port",
    schema: { anyOf: [whole.schema, { type: "string" }] },
    read: (value, place) => typeof value === "string" ? value : whole.read(value, place),
  };
}

/** The grammar of github.com/distribution/reference, without its length rules. */
function imageReference(): Grammar<string> {
  const label = "[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*";
  const host = String.raw`(?:\[[a-fA-F0-9:]+\]|${label}(?:\.${label})*)(?::\d+)?`;
  const name = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
  const tag = String.raw`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;
  const pattern = new RegExp(`^(?:${host}/)?${name}(?:/${name})*(?::${tag})?(?:@sha256:[a-f0-9]{64})?$`);
  return text({ pattern, wants: 'an image like "nginx:1.27" or "registry.example.org/team/app@sha256:..."' });
}
