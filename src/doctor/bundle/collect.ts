/** What a bug report needs to know of a device: read, redacted and scrubbed. Nothing is written, nothing is sent. */
import { dirname, join, resolve } from "node:path";
import { parseDocument } from "../../schema/toml_document.ts";
import { isTable, type Table } from "../../schema/toml_value.ts";
import { hiddenValues, redactConfig } from "../../settings/redact_config.ts";
import { secretValues } from "../../settings/secret_values.ts";
import { COMMIT, VERSION } from "../../version.ts";
import type { DoctorContext } from "../check.ts";
import { readText, runTool } from "../inspect_host.ts";
import { dropInFiles, installedUnit, UNIT_NAME } from "../service/installed_unit.ts";
import type { Entry } from "./bundle_archive.ts";
import { filesBelow } from "./data_dir_listing.ts";
import { omitOutput, redactedCommandLine, redactedUnit, unitSecrets } from "./redacted_config.ts";
import { scrubber } from "./scrub_secrets.ts";

export interface CollectOptions {
  /** The file of the settings, right or wrong; null for none. */
  config: string | null;
  /** Made by others: the findings of the checks, and with the owner's leave the workloads' output. */
  more: readonly Entry[];
  /** Whether what the workloads wrote may be in it. */
  withOutput: boolean;
  signal: AbortSignal;
}

/** Sorted by name. */
export async function collect(context: DoctorContext, options: CollectOptions): Promise<Entry[]> {
  const { settings, snapshot, root, env } = context;
  const { config, more, withOutput, signal } = options;
  const own = await configOf(config);
  const units = await unitsOf(context);
  const secrets = [
    ...(settings === null ? [] : secretValues(settings)),
    ...own.secrets,
    ...units.flatMap(({ text }) => unitSecrets(text)),
    ...Object.entries(env).filter(([name]) => /^HARBORNODE_.*(TOKEN|SECRET|PASSWORD|URL)$/.test(name)).map(([, one]) =>
      one
    ),
  ];
  const found: Entry[] = [
    { name: "about.txt", text: await aboutText(context, signal) },
    ...(own.text === null ? [] : [{ name: "config.toml", text: own.text }]),
    ...units.map(({ name, text }) => ({ name: `unit/${name}`, text: redactedUnit(text) })),
    { name: "machine/cmdline.txt", text: redactedCommandLine(await readText(join(root, "proc/cmdline")) ?? "") },
    ...await filesOf(root, {
      "machine/meminfo.txt": "proc/meminfo",
      "machine/cgroups.txt": "proc/cgroups",
      "machine/cgroup.txt": "proc/self/cgroup",
      "machine/controllers.txt": "sys/fs/cgroup/cgroup.controllers",
      "machine/mounts.txt": "proc/self/mountinfo",
      "machine/os-release.txt": "etc/os-release",
    }),
    ...await outputsOf({
      "machine/disk.txt": ["df", "-hT"],
      "machine/inodes.txt": ["df", "-i"],
      "machine/time.txt": ["timedatectl", "show"],
      "unit/status.txt": ["systemctl", "show", UNIT_NAME, ...UNIT_STATE],
      "daemon.log": ["journalctl", "-u", "harbornode", "-n", "500", "--no-pager", "-o", "short-iso"],
    }, signal),
    ...(settings === null ? [] : [{ name: "data_dir.txt", text: await filesBelow(settings.dataDir) }]),
    ...(snapshot === null
      ? []
      : [{ name: "status.json", text: JSON.stringify(withOutput ? snapshot : omitOutput(snapshot), null, 2) }]),
    ...more,
  ];
  const scrub = scrubber(secrets);
  return found.filter(({ text }) => text.trim() !== "")
    .map(({ name, text }) => ({ name, text: `${scrub(text).trimEnd()}\n` }))
    .sort((a, b) => a.name < b.name ? -1 : 1);
}

/** No word of these is anybody's to choose. */
const UNIT_STATE = ["-p", "ActiveState,SubState,Result,NRestarts,ExecMainStatus,MemoryCurrent,TasksCurrent"];

async function aboutText({ env, isRoot, clock }: DoctorContext, signal: AbortSignal): Promise<string> {
  const libc = await runTool("getconf", ["GNU_LIBC_VERSION"], signal);
  const names = Object.keys(env).filter((name) => /^(HARBORNODE_|DENO_|SSL_|(HTTPS?|NO)_PROXY$)/i.test(name)).sort();
  return [
    `harbornode ${VERSION} (${COMMIT}) ${Deno.build.target}, deno ${Deno.version.deno}`,
    `Linux ${Deno.osRelease()}, ${libc?.out ?? "no glibc"}`,
    `${new Date(clock.now()).toISOString()}, ${isRoot ? "root" : "not root"}`,
    `variables that are set: ${names.join(" ") || "none"}`,
  ].join("\n");
}

/** As it can be shown, and what it must not show: the values in it, and in the files that it names. */
async function configOf(file: string | null): Promise<{ text: string | null; secrets: string[] }> {
  const text = file === null ? null : await readText(file);
  if (file === null || text === null) return { text: null, secrets: [] };
  const document = parseDocument("config.toml", text);
  // A line that is no TOML may be half a secret.
  if ("problem" in document) return { text: `# is no TOML: line ${document.problem.line ?? "?"}`, secrets: [] };
  const { table } = document;
  const contents = new Map<string, string>();
  for (const name of fileNames(table)) {
    const content = await readText(resolve(dirname(file), name));
    if (content !== null) contents.set(name, content.trim());
  }
  const isFile = (name: string) => contents.has(name);
  return {
    text: redactConfig(table, isFile),
    // Larger files are certificates and lists, and public.
    secrets: [...hiddenValues(table, isFile), ...[...contents.values()].filter((content) => content.length <= 512)],
  };
}

function fileNames(table: Table): string[] {
  return Object.entries(table).flatMap(([key, value]) => {
    const inside = [value].flat().filter(isTable).flatMap(fileNames);
    const own = /_files?$/.test(key) ? [value].flat().filter((one) => typeof one === "string") : [];
    return [...inside, ...own];
  });
}

async function unitsOf({ root, env, isRoot }: DoctorContext): Promise<Entry[]> {
  const where = { root, env, isRoot };
  const installed = await installedUnit(where);
  const files = [...(installed === null ? [] : [installed.file]), ...await dropInFiles(where)];
  return await Promise.all(files.map(async (file) => ({
    name: file.slice(dirname(dirname(file)).length + 1).replace(/^system\//, ""),
    text: await readText(file) ?? "",
  })));
}

async function filesOf(root: string, places: Record<string, string>): Promise<Entry[]> {
  const entries = Object.entries(places);
  return await Promise.all(
    entries.map(async ([name, path]) => ({ name, text: await readText(join(root, path)) ?? "" })),
  );
}

async function outputsOf(commands: Record<string, string[]>, signal: AbortSignal): Promise<Entry[]> {
  return await Promise.all(
    Object.entries(commands).map(async ([name, [program = "", ...args]]) => {
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
      const output = await runTool(program, args, bounded);
      return { name, text: output === null ? "" : [output.out, output.err].filter((one) => one !== "").join("\n") };
    }),
  );
}
