/** [pure] Files with KEY=VALUE lines. */
import { isLfsPointer } from "../schema/toml_document.ts";

export interface EnvFile {
  values: Record<string, string>;
  /** Line 0 stands for the file as a whole. No message quotes a value: it may be a secret. */
  problems: { line: number; message: string }[];
}

/**
 * Parses lines of the form KEY=VALUE. Ignores empty lines and lines that begin with "#"; removes a leading "export" and
 * quotes around a value. A "#" after a value belongs to the value, as in systemd and Docker. Expands nothing.
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

/** Removes quotes; null when a value begins with a quote that does not end, or ends before the end of the line. */
function unquoted(value: string): string | null {
  const quote = value.charAt(0);
  if (quote !== '"' && quote !== "'") return value;
  const end = value.indexOf(quote, 1);
  return end === value.length - 1 && end > 0 ? value.slice(1, -1) : null;
}

function wrong(message: string): EnvFile {
  return { values: {}, problems: [{ line: 0, message }] };
}
