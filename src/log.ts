/**
 * Structured lines to stderr through LogTape. Every value that is registered as a secret is replaced wherever it would
 * appear, whatever put it there: the last guard, not the first.
 */
import { configure, getLogger, type Logger, type LogRecord } from "@logtape/logtape";

export type { Logger };

const secrets = new Set<string>();

/** From now on `value` never appears in a log line. Shorter than four characters is ignored: it would blank ordinary text. */
export function registerSecret(value: string): void {
  if (value.length >= 4) secrets.add(value);
}

/** The text with every registered secret replaced by "***". */
export function redactSecrets(text: string): string {
  for (const secret of secrets) text = text.replaceAll(secret, "***");
  return text;
}

/** A logger for one part of the product, like "source" or "daemon". Silent until `configureLog` was called. */
export function logger(area: string): Logger {
  return getLogger(["harbornode", area]);
}

export interface LogSettings {
  level: "debug" | "info" | "warning" | "error";
  format: "text" | "json";
}

/** Sends lines to `write`, one call a line without its line end. May be called again to change level and format. */
export async function configureLog(settings: LogSettings, write: (line: string) => void): Promise<void> {
  const shape = settings.format === "json" ? jsonLine : textLine;
  await configure({
    reset: true,
    sinks: { stderr: (record) => write(redactSecrets(shape(record))) },
    loggers: [
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
      { category: ["harbornode"], lowestLevel: settings.level, sinks: ["stderr"] },
    ],
  });
}

function textLine(record: LogRecord): string {
  const area = record.category.slice(1).join(".");
  const extra = Object.entries(record.properties)
    .filter(([key]) => !record.rawMessage.includes(`{${key}}`))
    .map(([key, value]) => ` ${key}=${plain(value)}`)
    .join("");
  return `${new Date(record.timestamp).toISOString()} ${record.level.padEnd(7)} ${area}: ${sentence(record)}${extra}`;
}

function jsonLine(record: LogRecord): string {
  const properties = Object.fromEntries(Object.entries(record.properties).map(([key, value]) => [key, plain(value)]));
  return JSON.stringify({
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    area: record.category.slice(1).join("."),
    message: sentence(record),
    ...properties,
  });
}

function sentence(record: LogRecord): string {
  return record.message.map((part) => typeof part === "string" ? part : plain(part)).join("");
}

function plain(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
}
