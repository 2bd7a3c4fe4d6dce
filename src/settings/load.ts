/** Finds, reads and checks the settings: defaults, then config.toml, then the environment. All problems at once. */
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { parseDocument, withPositions } from "../schema/toml_document.ts";
import { type Field, readFields } from "../schema/schema.ts";
import { suggest } from "../schema/suggest.ts";
import { type Diagnostic, DiagnosticScope, isTable, type Table } from "../schema/diagnostic.ts";
import type { Problem } from "../model/problem.ts";
import { environmentProblems, overrideFromEnvironment, variableOf } from "./environment.ts";
import { readNotify } from "./notify.ts";
import { readRegistries } from "./registries.ts";
import { readError } from "./secret_setting.ts";
import type { SectionContext } from "./section.ts";
import { commitStatusOf } from "./section/commit_status.ts";
import { daemonOf } from "./section/daemon.ts";
import { dockerOf } from "./section/docker.ts";
import { generalOf } from "./section/general.ts";
import { limitsOf } from "./section/limits.ts";
import { logOf } from "./section/log.ts";
import { nativeOf } from "./section/native.ts";
import { policyOf } from "./section/policy.ts";
import { repoOf } from "./section/repo.ts";
import { trustOf } from "./section/repo_trust.ts";
import { rolloutOf } from "./section/rollout.ts";
import { runtimeOf } from "./section/runtime.ts";
import { secretsOf } from "./section/secrets.ts";
import { webhookOf } from "./section/webhook.ts";
import { SECTIONS } from "./sections.ts";
import type { Settings } from "./settings.ts";

export interface LoadOptions {
  /** As --config names it; undefined for ./config.toml where it exists. */
  file: string | undefined;
  cwd: string;
  env: Record<string, string>;
  /** The device's name where none is set. */
  hostname: string;
}

export async function loadSettings(options: LoadOptions): Promise<{ settings: Settings } | { problems: Problem[] }> {
  const path = resolve(options.cwd, options.file ?? "config.toml");
  const shown = options.file ?? "config.toml";
  const text = await Deno.readTextFile(path).catch((error) =>
    error instanceof Error ? error : new Error(String(error))
  );
  if (typeof text !== "string") {
    const isMissing = text instanceof Deno.errors.NotFound;
    if (options.file !== undefined || !isMissing) return unreadable(shown, text);
    if (options.env.HARBORNODE_REPO_URL === undefined) return unreadable(shown, text);
  }
  const source = typeof text === "string" ? text : "";
  const document = parseDocument(shown, source);
  if ("problem" in document) return { problems: [document.problem] };

  const found: Diagnostic[] = [];
  const foundOutside: Diagnostic[] = [];
  const [scope, outside] = [new DiagnosticScope(found), new DiagnosticScope(foundOutside)];
  const values = readSections(document.table, scope);
  const variables = overrideFromEnvironment(values, { env: options.env, scope: outside });
  const scopeOf = (section: string) => (key: string) => {
    const variable = variableOf(section, key);
    return variables.has(variable) ? outside.at(variable) : scope.at(section).at(key);
  };
  const base = dirname(path);
  for (const { name, fields } of SECTIONS) values[name] = withFallbacks(values[name]!, fields);
  const context = (section: string): SectionContext => ({
    base,
    home: options.env.HOME ?? homedir() ?? "/",
    hostname: options.hostname,
    scopeOf: scopeOf(section),
  });
  const registries = await readRegistries(document.table.registry, { scope: scope.at("registry"), base });
  const notify = await readNotify(document.table.notify, { scope: scope.at("notify"), base });
  if (!saysUrl(document.table) && !variables.has(variableOf("repo", "url"))) {
    scope.at("repo").error(
      'the field "url" is missing',
      'write url = "https://git.example.org/fleet.git" below [repo]',
    );
  }
  const file = typeof text === "string" ? path : null;
  const settings = { file, registries, notify, ...await settingsFrom(values, { context, file }) };
  const problems = [...withPositions(shown, source, found), ...environmentProblems(foundOutside)];
  return problems.length > 0 ? { problems } : { settings };
}

/** By section, then by key. */
type Values = Record<string, Table>;

/** A value that was refused is told of, and has its default meanwhile: what is wrong with the others is looked for too. */
function withFallbacks(read: Table, fields: readonly Field[]): Table {
  return Object.fromEntries(
    fields.map(({ name, fallback }) => [name, read[name] === undefined ? fallback : read[name]]),
  );
}

/** Whether there is a URL, right or wrong; of a `repo` that is no table it is not known, and that was said already. */
function saysUrl({ repo }: Table): boolean {
  return repo !== undefined && (!isTable(repo) || Object.hasOwn(repo, "url"));
}

function readSections(table: Table, scope: DiagnosticScope): Values {
  const names = [...SECTIONS.map((section) => section.name).filter((name) => name !== ""), "registry", "notify"];
  const values: Values = {};
  for (const { name, fields } of SECTIONS) {
    if (name === "") {
      const explain = (key: string) => {
        const close = suggest(key, [...names, ...fields.map((field) => field.name)]);
        const home = SECTIONS.find((section) => section.fields.some((field) => field.name === key));
        if (home !== undefined) return { hint: `it belongs below [${home.name}]` };
        return close === null ? null : { hint: `did you mean "${close}"?` };
      };
      values[name] = readFields(fields, table, { scope, explain, ignore: (key) => names.includes(key) });
      continue;
    }
    const given = table[name];
    // Not quoted: people write the one thing that a section is about, and of two sections that is a secret.
    if (given !== undefined && !isTable(given)) {
      scope.at(name).error("is no table", `write [${name}] on a line of its own, and its settings below`);
    }
    values[name] = readFields(fields, isTable(given) ? given : {}, { scope: scope.at(name) });
  }
  return values;
}

/** What is wrong with files that settings name is told to the place of the setting. */
async function settingsFrom(
  values: Values,
  { context, file }: { context: (section: string) => SectionContext; file: string | null },
): Promise<Omit<Settings, "file" | "registries" | "notify">> {
  const section = (name: string) => values[name]!;
  const general = generalOf(section(""), context(""));
  const repo = await repoOf(section("repo"), context("repo"));
  const { device } = general;
  return {
    ...general,
    repo,
    trust: await trustOf(section("repo"), context("repo")),
    commitStatus: await commitStatusOf(section("commit_status"), { ...context("commit_status"), repo, device }),
    webhook: await webhookOf(section("webhook"), context("webhook")),
    secrets: secretsOf(section("secrets"), context("secrets")),
    docker: dockerOf(section("docker"), context("docker")),
    runtime: runtimeOf(section("runtime")),
    native: nativeOf(section("native")),
    rollout: rolloutOf(section("rollout")),
    limits: limitsOf(section("limits")),
    daemon: daemonOf(section("daemon"), context("daemon")),
    policy: policyOf(section("policy"), ownParts(general, file)),
    log: logOf(section("log")),
  };
}

/** Where install.sh puts the settings, and people the tokens beside them. */
const SETTINGS_FOLDER = "/etc/harbornode";

/** The config.toml may hold the repository's token. */
function ownParts(
  { listenPort, dataDir }: Pick<Settings, "listenPort" | "dataDir">,
  file: string | null,
): Settings["policy"]["own"] {
  const paths = [dataDir, SETTINGS_FOLDER, ...(file === null ? [] : [file])];
  return { ports: listenPort === 0 ? [] : [listenPort], paths };
}

function unreadable(file: string, error: Error): { problems: Problem[] } {
  const isMissing = error instanceof Deno.errors.NotFound;
  const message = isMissing ? "there is no such file" : `can not be read: ${readError(error)}`;
  return { problems: [{ file, field: "", message, hint: unreadableHint(error) }] };
}

function unreadableHint(error: Error): string {
  if (error instanceof Deno.errors.NotFound) {
    return 'make one with at least: [repo] and url = "https://git.example.org/fleet.git"';
  }
  if (error instanceof Deno.errors.PermissionDenied) return "run this as root, or let this user read the file";
  if (error instanceof Deno.errors.IsADirectory) return "name the file inside of it, like config.toml";
  return "look at what is there with: ls -l";
}
