/** [pure] What is kept of texts that may hold anything: only what a bug report needs, and nobody's secrets. */
import type { Snapshot } from "../../model/snapshot.ts";

/** Without what the workloads wrote themselves. */
export function omitOutput(snapshot: Snapshot): Snapshot {
  return {
    ...snapshot,
    workloads: snapshot.workloads.map((workload) => ({
      ...workload,
      last_lines: counted(workload.last_lines),
      probes: workload.probes.map((probe) => ({ ...probe, output: left(probe.output) })),
      history: workload.history.map((rollout) => ({
        ...rollout,
        lines: counted(rollout.lines),
        probes: counted(rollout.probes),
      })),
    })),
  };
}

function counted(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`(${lines.length} lines left out)`];
}

function left(output: string): string {
  return output === "" ? "" : `(${output.length} characters left out)`;
}

/** A unit, or a drop-in of the owner's: without comments, and with no value of a variable or a credential. */
export function redactedUnit(text: string): string {
  const whole = text.replace(/\\\n\s*/g, " ");
  return `${
    whole.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !/^[#;]/.test(line))
      .map(redactedLine).join("\n")
  }\n`;
}

function redactedLine(line: string): string {
  const [, key, value] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
  if (key === undefined || value === undefined) return line;
  if (key === "Environment") return `${key}=${variables(value).map(([name]) => `${name}=***`).join(" ")}`;
  if (key.startsWith("SetCredential")) return `${key}=${value.split(":")[0]}:***`;
  return `${key}=${value}`;
}

/** Values of its variables and credentials, to be looked for elsewhere. */
export function unitSecrets(text: string): string[] {
  const lines = text.replace(/\\\n\s*/g, " ").split("\n").map((line) => line.trim());
  return lines.flatMap((line) => {
    const [, key = "", value = ""] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (key.startsWith("SetCredential")) return [value.slice(value.indexOf(":") + 1)];
    return key === "Environment" ? variables(value).map(([, one]) => one).filter((one) => !isOrdinary(one)) : [];
  });
}

/** Words of settings, which stand everywhere. */
function isOrdinary(value: string): boolean {
  return /^(system|true|false|info|debug|warning|error|\d+|\/[\w./-]*)$/.test(value);
}

/** As systemd.exec(5) splits them: at spaces, outside of quotes. */
function variables(value: string): [name: string, value: string][] {
  const words = value.match(/(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'])+/g) ?? [];
  return words.map((word) => {
    const plain = word.replace(/^(["'])(.*)\1$/, "$2");
    const at = plain.indexOf("=");
    return at < 0 ? [plain, ""] : [plain.slice(0, at), plain.slice(at + 1).replace(/^(["'])(.*)\1$/, "$2")];
  });
}

/** Words that say how the kernel was started; of all others the name alone, since credentials are handed over there too. */
const KERNEL_WORDS =
  /^(ro|rw|quiet|root|rootfstype|rootwait|console|init|panic|maxcpus|mem|swapaccount|psi|cgroup_\w+|systemd\.unified_cgroup_hierarchy|fsck\.\w+|overlayroot)$/;

export function redactedCommandLine(text: string): string {
  return text.trim().split(/\s+/).map((word) => {
    const [name = "", ...rest] = word.split("=");
    return rest.length === 0 || KERNEL_WORDS.test(name) ? word : `${name}=***`;
  }).join(" ");
}
