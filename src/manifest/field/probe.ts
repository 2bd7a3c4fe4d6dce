/** [pure] `health`: the probe of a workload, and when the workload counts as healthy. */
import type { Port, Probe, ProbePort } from "../../model/workload.ts";
import type { DiagnosticScope } from "../../schema/diagnostic.ts";
import { field, fields, type Infer, withDefaults } from "../../schema/field_table.ts";
import { duration } from "../../schema/quantity.ts";
import { mapOf, number, oneOf, type Schema, text } from "../../schema/schema.ts";
import { suggest } from "../../schema/suggest.ts";
import { quote } from "../../schema/toml_value.ts";
import type { ManifestFile } from "../find_manifests.ts";
import type { Mode } from "./runtime_mode.ts";
import { checkProgram } from "./program.ts";
import { shellWords } from "./shell_words.ts";

const headerValue = text({ pattern: /^[ -~]*$/, expected: "printable ASCII", empty: true });

export const PROBE_FIELDS = fields({
  type: field(oneOf("http", "tcp", "command", "image"), null, {
    doc: "What the probe does; told by command, path or port. image: what its HEALTHCHECK says",
    example: 'type = "http"',
  }),
  path: field(text({ pattern: /^\/[!-~]*$/, expected: 'a path like "/healthz"' }), null, {
    defaultText: '"/"',
    doc: "http: what to ask for",
    example: 'path = "/healthz"',
  }),
  port: field(portReference(), null, {
    doc: "http, tcp: a number, or the name of one of the ports",
    defaultText: "the first port",
    example: "port = 8080",
  }),
  headers: field(mapOf(headerValue, { pattern: /^[A-Za-z0-9-]+$/, expected: "letters, digits and -" }), null, {
    doc: "http: sent with it",
    example: 'headers = { Host = "example.org" }',
  }),
  command: field(shellWords, null, {
    doc: "command: healthy when it ends with 0",
    example: 'command = ["./alive.sh"]',
  }),
  interval: field(duration(100), 10_000, {
    defaultText: '"10s"',
    doc: "Between two probes",
    example: 'interval = "10s"',
  }),
  timeout: field(duration(1), 5000, {
    defaultText: '"5s"',
    doc: "A probe without an answer by then has failed",
    example: 'timeout = "5s"',
  }),
  retries: field(number({ min: 1, max: 100 }), 3, {
    defaultText: "3",
    doc: "Failures in a row until unhealthy, once the instance has been healthy; before, see start_period",
    example: "retries = 3",
  }),
  success_threshold: field(number({ min: 1, max: 100 }), 1, {
    defaultText: "1",
    doc: "Successes in a row until healthy",
    example: "success_threshold = 2",
  }),
  start_period: field(duration(), 0, {
    defaultText: '"0s"',
    doc:
      "Added to retries x interval (30s with the defaults): the time that a start may take. Until an instance has been healthy once, failures count only after that time",
    example: 'start_period = "30s"',
  }),
  start_interval: field(duration(10), null, {
    defaultText: "often, then slower",
    doc: "Time between two probes until the first verdict",
    example: 'start_interval = "500ms"',
  }),
  min_healthy_time: field(duration(), null, {
    defaultText: '"0s", without a probe "1s"',
    doc: "Healthy only after it has run, and passed, this long",
    example: 'min_healthy_time = "10s"',
  }),
  on_failure: field(oneOf("restart", "stop", "alert", "none"), "restart", {
    defaultText: '"restart"',
    doc:
      "What follows, once, when it becomes unhealthy; alert only says it. restart waits for the end of a rollout in which the instance was never healthy",
    example: 'on_failure = "alert"',
  }),
});

type ProbeRead = Infer<typeof PROBE_FIELDS>;

/**
 * Time without an exit after which a workload without a probe counts as healthy, so that a program that exits at once
 * never does.
 */
const ALIVE_MS = 1000;

/** Fields that say what a probe does. */
const PROBE_INPUTS = ["command", "path", "headers", "port"] as const;
type ProbeInput = typeof PROBE_INPUTS[number];

/**
 * Inputs of each type of probe. Where the manifest names no type, the first type with the given input is meant: a port
 * alone is tcp.
 */
const INPUTS_OF: Record<Probe["type"], readonly ProbeInput[]> = {
  command: ["command"],
  tcp: ["port"],
  http: ["path", "headers", "port"],
  image: [],
};

/** Types that an input can imply, in the order of preference. */
const TYPES = ["command", "tcp", "http"] as const;

export interface Health {
  health: Probe | null;
  minHealthyMs: number;
}

interface ProbeContext {
  ports: readonly Port[];
  mode: Mode;
  manifest: ManifestFile;
  hasArtifact: boolean;
  scope: DiagnosticScope;
}

/**
 * Returns the probe of the `health` table, and how long the workload must be healthy. The table may have no probe, and
 * say only the latter; `read` is null for a manifest without the table.
 */
export function buildHealth(read: ProbeRead | null, context: ProbeContext): Health {
  if (read === null) return { health: null, minHealthyMs: ALIVE_MS };
  const minHealthyMs = read.min_healthy_time;
  const hasProbe = read.type !== null || PROBE_INPUTS.some((name) => read[name] !== null);
  if (!hasProbe && typeof minHealthyMs === "number") return { health: null, minHealthyMs };
  return { health: buildProbe(read, context) ?? null, minHealthyMs: minHealthyMs ?? 0 };
}

/** Returns undefined after it reported a problem. Null in `read` is an absent field, undefined a wrong one. */
function buildProbe(
  read: ProbeRead,
  { ports, mode, manifest, hasArtifact, scope }: ProbeContext,
): Probe | undefined {
  const inputs = PROBE_INPUTS.filter((name) => read[name] !== null);
  if (read.type === undefined) return undefined;
  const first = inputs[0];
  const type = read.type ?? (first === undefined ? undefined : TYPES.find((one) => INPUTS_OF[one].includes(first)));
  if (type === undefined) {
    return scope.error(
      "does not say what to look at",
      'write path = "/healthz", port = 8080, or command = ["./alive.sh"]',
    );
  }
  for (const name of inputs.filter((input) => !INPUTS_OF[type].includes(input))) {
    scope.at(name).keyError(`a probe of type "${type}" has no ${name}`);
  }
  const values = withDefaults(PROBE_FIELDS, read);
  const timing = {
    intervalMs: values.interval,
    timeoutMs: values.timeout,
    retries: values.retries,
    startPeriodMs: values.start_period,
    startIntervalMs: values.start_interval,
    successThreshold: values.success_threshold,
    onFailure: values.on_failure,
  };
  if (type === "command") {
    const { command } = read;
    if (command === null) return scope.error('the field "command" is missing', 'write command = ["./alive.sh"]');
    if (command === undefined) return undefined;
    if (mode === "native") checkProgram(command[0]!, { manifest, hasArtifact, scope: scope.at("command") });
    return { ...timing, type, command };
  }
  if (type === "image") {
    if (mode !== "native") return { ...timing, type };
    return scope.at("type").error("a service has no image with a check of its own", "write path, port or command");
  }
  const port = probePort(read.port, { ports, scope });
  if (port === undefined) return undefined;
  if (type === "tcp") return { ...timing, type, port };
  return { ...timing, type, port, path: values.path ?? "/", headers: values.headers ?? {} };
}

/** Resolves a number, a name, or null for the first port; a port without a number yet is resolved when it has one. */
function probePort(
  reference: number | string | null | undefined,
  { ports, scope }: { ports: readonly Port[]; scope: DiagnosticScope },
): ProbePort | undefined {
  if (reference === undefined) return undefined;
  if (typeof reference === "number") return { type: "fixed", port: reference };
  const reachable = ports.filter((port) => port.protocol === "tcp");
  const names = reachable.flatMap((port) => port.name ?? []);
  const port = reference === null ? reachable[0] : reachable.find(({ name }) => name === reference);
  if (port !== undefined) {
    return port.container === 0
      ? { type: "chosen", index: ports.indexOf(port) }
      : { type: "fixed", port: port.container };
  }
  if (reference === null) return scope.error("names no port, and the workload has none", "write port = 8080");
  const close = suggest(reference, names);
  const hint = close === null ? `the named ports are: ${names.join(", ") || "none"}` : `did you mean "${close}"?`;
  return scope.at("port").error(`there is no tcp port named ${quote(reference)}`, hint);
}

function portReference(): Schema<number | string> {
  const whole = number({ min: 1, max: 65_535 });
  return {
    expected: "a port number or the name of a port",
    jsonSchema: { anyOf: [whole.jsonSchema, { type: "string" }] },
    read: (value, scope) => typeof value === "string" ? value : whole.read(value, scope),
  };
}
