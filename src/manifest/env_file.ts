/** [pure] Files with KEY=VALUE lines. */
import { isLfsPointer } from "../schema/toml_document.ts";

export interface EnvFile {
  values: Record<string, string>;
  /** Line 0 stands for the file as a whole. No value is in a message: it may be a secret. */
  problems: { line: number; message: string }[];
}

/**
 * Empty lines and lines with "#" in front are passed over; "export" in front and quotes around a value are taken off.
 * A "#" behind a value belongs to it, as for systemd and Docker; nothing is expanded.
 */
export function parseEnvFile(text: string): EnvFile {
  if (isLfsPointer(text)) return wrong("the file is a pointer of Git LFS, and its content is not in the repository");
  if (text.includes("\uFFFD")) return wrong("the file is not UTF-8 text");
  const values = new Map<string, string>();
  const problems: EnvFile["problems"] = [];
  text.replace(/^\uFEFF/, "").split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) return;
    const report = (message: string) => problems.push({ line: index + 1, message });
    const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match === null) return report("the line is not of the form KEY=VALUE");
    const value = unquoted(match[2]!.trim());
    if (value === null) return report("the value has a quote that does not end, or something behind it");
    if (value.includes("\0")) return report("the value holds a NUL character, which no environment can");
    values.set(match[1]!, value);
  });
  return { values: Object.fromEntries(values), problems };
}

/** Null when the value begins with a quote and does not end with the same, or has more of it inside. */
function unquoted(value: string): string | null {
  const quote = value.charAt(0);
  if (quote !== '"' && quote !== "'") return value;
  const end = value.indexOf(quote, 1);
  return end === value.length - 1 && end > 0 ? value.slice(1, -1) : null;
}

function wrong(message: string): EnvFile {
  return { values: {}, problems: [{ line: 0, message }] };
}
