/** [pure] The `health` table: how to see that a workload works. */
import type { Port, Probe, ProbePort } from "../../model/workload.ts";
import { type Field, field, mapOf, number, oneOf, type Schema, text } from "../../schema/schema.ts";
import type { ManifestFile } from "../layout.ts";
import { suggest } from "../../schema/suggest.ts";
import { type DiagnosticScope, quote, type Table } from "../../schema/diagnostic.ts";
import type { Mode } from "./mode.ts";
import { checkProgram } from "./program.ts";
import { duration } from "../../schema/quantity.ts";
import { shellWords } from "./shell_words.ts";

const headerValue = text({ pattern: /^[ -~]*$/, expected: "printable ASCII", empty: true });

export const PROBE_FIELDS: Field[] = [
  field("type", oneOf("http", "tcp", "command", "image"), null, {
    doc: "What the probe does; told by command, path or port. image: what its HEALTHCHECK says",
    example: 'type = "http"',
  }),
  field("path", text({ pattern: /^\/[!-~]*$/, expected: 'a path like "/healthz"' }), null, {
    defaultText: '"/"',
    doc: "http: what to ask for",
    example: 'path = "/healthz"',
  }),
  field("port", portReference(), null, {
    doc: "http, tcp: a number, or the name of one of the ports",
    defaultText: "the first port",
    example: "port = 8080",
  }),
  field("headers", mapOf(headerValue, { pattern: /^[A-Za-z0-9-]+$/, expected: "letters, digits and -" }), null, {
    doc: "http: sent with it",
    example: 'headers = { Host = "example.org" }',
  }),
  field("command", shellWords, null, {
    doc: "command: healthy when it ends with 0",
    example: 'command = ["./alive.sh"]',
  }),
  field("interval", duration(100), 10_000, {
    defaultText: '"10s"',
    doc: "Between two probes",
    example: 'interval = "10s"',
  }),
  field("timeout", duration(1), 5000, {
    defaultText: '"5s"',
    doc: "A probe without an answer by then has failed",
    example: 'timeout = "5s"',
  }),
  field("retries", number({ min: 1, max: 100 }), 3, {
    defaultText: "3",
    doc: "Failures in a row until unhealthy",
    example: "retries = 3",
  }),
  field("success_threshold", number({ min: 1, max: 100 }), 1, {
    defaultText: "1",
    doc: "Successes in a row until healthy",
    example: "success_threshold = 2",
  }),
  field("start_period", duration(), 0, {
    defaultText: '"0s"',
    doc: "Failures within this time of the start do not count",
    example: 'start_period = "30s"',
  }),
  field("start_interval", duration(10), null, {
    defaultText: "often, then slower",
    doc: "Between two probes until the first verdict",
    example: 'start_interval = "500ms"',
  }),
  field("min_healthy_time", duration(), null, {
    defaultText: '"0s", without a probe "1s"',
    doc: "Healthy only after it has run, and passed, this long",
    example: 'min_healthy_time = "10s"',
  }),
  field("on_failure", oneOf("restart", "stop", "alert", "none"), "restart", {
    defaultText: '"restart"',
    doc: "What follows, once, when it becomes unhealthy; alert only says it",
    example: 'on_failure = "alert"',
  }),
];

/** Without a probe, running is all that can be seen: a program that ends at once must not be healthy for a moment. */
const ALIVE_MS = 1000;

/** What each type of probe may say. Where none is named, the first that may say what was said: a port alone is tcp. */
const PROBE_OWN: Record<Probe["type"], readonly string[]> = {
  command: ["command"],
  tcp: ["port"],
  http: ["path", "headers", "port"],
  image: [],
};

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

/** Of the `health` table, which may hold no probe but how long running is long enough; null for no table. */
export function buildHealth(read: Table | null, context: ProbeContext): Health {
  if (read === null) return { health: null, minHealthyMs: ALIVE_MS };
  const given = read.min_healthy_time as number | null | undefined;
  const saysProbe = ["type", "command", "path", "headers", "port"].some((name) => read[name] !== null);
  if (!saysProbe && typeof given === "number") return { health: null, minHealthyMs: given };
  return { health: buildProbe(read, context) ?? null, minHealthyMs: given ?? 0 };
}

/** In `read`, null stands for what was not said, and undefined for what was wrong. */
function buildProbe(read: Table, { ports, mode, manifest, hasArtifact, scope }: ProbeContext): Probe | undefined {
  const said = ["command", "path", "headers", "port"].filter((name) => read[name] !== null);
  if (read.type === undefined) return undefined;
  const types = Object.keys(PROBE_OWN) as Probe["type"][];
  const type = read.type as Probe["type"] | null ?? types.find((one) => PROBE_OWN[one].includes(said[0] ?? ""));
  if (type === undefined) {
    return scope.error(
      "does not say what to look at",
      'write path = "/healthz", port = 8080, or command = ["./alive.sh"]',
    );
  }
  for (const name of said.filter((one) => !PROBE_OWN[type].includes(one))) {
    scope.at(name).keyError(`a probe of type "${type}" has no ${name}`);
  }
  const timing = {
    intervalMs: read.interval as number,
    timeoutMs: read.timeout as number,
    retries: read.retries as number,
    startPeriodMs: read.start_period as number,
    startIntervalMs: read.start_interval as number | null,
    successThreshold: read.success_threshold as number,
    onFailure: read.on_failure as Probe["onFailure"],
  };
  if (type === "command") {
    const command = read.command as string[] | null | undefined;
    if (command === null) return scope.error('the field "command" is missing', 'write command = ["./alive.sh"]');
    if (command === undefined) return undefined;
    if (mode === "native") checkProgram(command[0]!, { manifest, hasArtifact, scope: scope.at("command") });
    return { ...timing, type, command };
  }
  if (type === "image") {
    if (mode !== "native") return { ...timing, type };
    return scope.at("type").error("a service has no image with a check of its own", "write path, port or command");
  }
  const port = probePort(read.port as number | string | null | undefined, { ports, scope });
  if (port === undefined) return undefined;
  if (type === "tcp") return { ...timing, type, port };
  const { path, headers } = read as { path: string | null; headers: Record<string, string> | null };
  return { ...timing, type, port, path: path ?? "/", headers: headers ?? {} };
}

function probePort(
  wanted: number | string | null | undefined,
  { ports, scope }: { ports: readonly Port[]; scope: DiagnosticScope },
): ProbePort | undefined {
  if (wanted === undefined) return undefined;
  if (typeof wanted === "number") return { type: "fixed", port: wanted };
  const reachable = ports.filter((port) => port.protocol === "tcp");
  const names = reachable.flatMap((port) => port.name ?? []);
  const found = wanted === null ? reachable[0] : reachable.find((port) => port.name === wanted);
  if (found !== undefined) {
    return found.container === 0
      ? { type: "chosen", index: ports.indexOf(found) }
      : { type: "fixed", port: found.container };
  }
  if (wanted === null) return scope.error("names no port, and the workload has none", "write port = 8080");
  const close = suggest(wanted, names);
  const hint = close === null ? `the named ports are: ${names.join(", ") || "none"}` : `did you mean "${close}"?`;
  return scope.at("port").error(`there is no tcp port named ${quote(wanted)}`, hint);
}

function portReference(): Schema<number | string> {
  const whole = number({ min: 1, max: 65_535 });
  return {
    expected: "a port number or the name of a port",
    jsonSchema: { anyOf: [whole.jsonSchema, { type: "string" }] },
    read: (value, scope) => typeof value === "string" ? value : whole.read(value, scope),
  };
}
