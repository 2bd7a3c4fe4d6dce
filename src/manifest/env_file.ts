/** [pure] Files with KEY=VALUE lines. */

export interface EnvFile {
  values: Record<string, string>;
  problems: { line: number; message: string }[];
}

/** Empty lines and lines with "#" are passed over; "export" in front and quotes around a value are taken off. */
export function parseEnvFile(text: string): EnvFile {
  const found: EnvFile = { values: Object.create(null), problems: [] };
  text.replace(/^\uFEFF/, "").split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) return;
    const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match === null) found.problems.push({ line: index + 1, message: "the line is not of the form KEY=VALUE" });
    else found.values[match[1]!] = unquoted(match[2]!);
  });
  return { ...found, values: { ...found.values } };
}

function unquoted(value: string): string {
  const match = /^(["'])(.*)\1$/.exec(value.trim());
  return match === null ? value.trim() : match[2]!;
}
