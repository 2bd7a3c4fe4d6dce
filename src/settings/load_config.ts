/** Finds, reads and checks the settings: defaults, then config.toml, then the environment. Returns all problems at once. */
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import type { Problem } from "../model/problem.ts";
import { type Diagnostic, DiagnosticScope } from "../schema/diagnostic.ts";
import { type Fields, type Infer, type InferComplete, readFields, withDefaults } from "../schema/field_table.ts";
import { suggest } from "../schema/suggest.ts";
import { parseDocument, withPositions } from "../schema/toml_document.ts";
import { isTable, type Table } from "../schema/toml_value.ts";
import { environmentProblems, overrideFromEnvironment, variableOf } from "./environment_overrides.ts";
import { readNotify } from "./notify_targets.ts";
import { readRegistries } from "./registry_settings.ts";
import { readError } from "./secret_setting.ts";
import type { Section, SectionContext } from "./section.ts";
import { COMMIT_STATUS, commitStatusOf } from "./section/commit_status_section.ts";
import { DAEMON, daemonOf } from "./section/daemon_section.ts";
import { DOCKER, dockerOf } from "./section/docker_section.ts";
import { GENERAL, generalOf } from "./section/general_section.ts";
import { LIMITS, limitsOf } from "./section/limits_section.ts";
import { LOG, logOf } from "./section/log_section.ts";
import { NATIVE, nativeOf } from "./section/native_section.ts";
import { POLICY, policyOf } from "./section/policy_section.ts";
import { REPO, repoOf } from "./section/repo_section.ts";
import { trustOf } from "./section/repo_trust.ts";
import { ROLLOUT, rolloutOf } from "./section/rollout_section.ts";
import { RUNTIME, runtimeOf } from "./section/runtime_section.ts";
import { SECRETS, secretsOf } from "./section/secrets_section.ts";
import { WEBHOOK, webhookOf } from "./section/webhook_section.ts";
import { SECTIONS } from "./sections.ts";
import type { Settings } from "./settings.ts";

export interface LoadOptions {
  /** Value of --config; undefined for ./config.toml, if it exists. */
  file: string | undefined;
  cwd: string;
  env: Record<string, string>;
  /** Name of the device where the settings have none. */
  hostname: string;
}

export async function loadSettings(options: LoadOptions): Promise<{ settings: Settings } | { problems: Problem[] }> {
  const path = resolve(options.cwd, options.file ?? "config.toml");
  const name = options.file ?? "config.toml";
  const text = await Deno.readTextFile(path).catch((error) =>
    error instanceof Error ? error : new Error(String(error))
  );
  if (typeof text !== "string") {
    const isMissing = text instanceof Deno.errors.NotFound;
    if (options.file !== undefined || !isMissing) return unreadable(name, text);
    if (options.env.HARBORNODE_REPO_URL === undefined) return unreadable(name, text);
  }
  const source = typeof text === "string" ? text : "";
  const document = parseDocument(name, source);
  if ("problem" in document) return { problems: [document.problem] };

  const inFile: Diagnostic[] = [];
  const inEnvironment: Diagnostic[] = [];
  const [scope, environment] = [new DiagnosticScope(inFile), new DiagnosticScope(inEnvironment)];
  const values = readSections(document.table, scope);
  const variables = overrideFromEnvironment(values, { env: options.env, scope: environment });
  const scopeOf = (section: string) => (key: string) => {
    const variable = variableOf(section, key);
    return variables.has(variable) ? environment.at(variable) : scope.at(section).at(key);
  };
  const base = dirname(path);
  const context = (section: string): SectionContext => ({
    base,
    home: options.env.HOME ?? homedir() ?? "/",
    hostname: options.hostname,
    scopeOf: scopeOf(section),
  });
  const registries = await readRegistries(document.table.registry, { scope: scope.at("registry"), base });
  const notify = await readNotify(document.table.notify, { scope: scope.at("notify"), base });
  if (!hasUrl(document.table) && !variables.has(variableOf("repo", "url"))) {
    scope.at("repo").error(
      'the field "url" is missing',
      'write url = "https://git.example.org/fleet.git" below [repo]',
    );
  }
  const file = typeof text === "string" ? path : null;
  const settings = { file, registries, notify, ...await settingsFrom(values, { context, file }) };
  const problems = [...withPositions(name, source, inFile), ...environmentProblems(inEnvironment)];
  return problems.length > 0 ? { problems } : { settings };
}

/** Values by section, then by key. */
type Values = Record<string, Table>;

/** True for a URL, right or wrong, and for a `repo` that is no table, which was reported already. */
function hasUrl({ repo }: Table): boolean {
  return repo !== undefined && (!isTable(repo) || Object.hasOwn(repo, "url"));
}

function readSections(table: Table, scope: DiagnosticScope): Values {
  const names = [...SECTIONS.map((section) => section.name).filter((name) => name !== ""), "registry", "notify"];
  const values: Values = {};
  for (const { name, fields } of SECTIONS) {
    if (name === "") {
      const explain = (key: string) => {
        const close = suggest(key, [...names, ...Object.keys(fields)]);
        const home = SECTIONS.find((section) => Object.hasOwn(section.fields, key));
        if (home !== undefined) return { hint: `it belongs below [${home.name}]` };
        return close === null ? null : { hint: `did you mean "${close}"?` };
      };
      values[name] = readFields(fields, table, { scope, explain, ignore: (key) => names.includes(key) });
      continue;
    }
    const given = table[name];
    // Not quoted: users write the main value of a section in place of it, and for two sections that is a secret.
    if (given !== undefined && !isTable(given)) {
      scope.at(name).error("is no table", `write [${name}] on a line of its own, and its settings below`);
    }
    values[name] = readFields(fields, isTable(given) ? given : {}, { scope: scope.at(name) });
  }
  return values;
}

/** Builds the settings. What is wrong with files that settings name is reported at the setting. */
async function settingsFrom(
  values: Values,
  { context, file }: { context: (section: string) => SectionContext; file: string | null },
): Promise<Omit<Settings, "file" | "registries" | "notify">> {
  const general = generalOf(valuesOf(GENERAL, values), context(""));
  const repoValues = valuesOf(REPO, values);
  const repo = await repoOf(repoValues, context("repo"));
  const { device } = general;
  const statusContext = { ...context("commit_status"), repo, device };
  return {
    ...general,
    repo,
    trust: await trustOf(repoValues, context("repo")),
    commitStatus: await commitStatusOf(valuesOf(COMMIT_STATUS, values), statusContext),
    webhook: await webhookOf(valuesOf(WEBHOOK, values), context("webhook")),
    secrets: secretsOf(valuesOf(SECRETS, values), context("secrets")),
    docker: dockerOf(valuesOf(DOCKER, values), context("docker")),
    runtime: runtimeOf(valuesOf(RUNTIME, values)),
    native: nativeOf(valuesOf(NATIVE, values)),
    rollout: rolloutOf(valuesOf(ROLLOUT, values)),
    limits: limitsOf(valuesOf(LIMITS, values)),
    daemon: daemonOf(valuesOf(DAEMON, values), context("daemon")),
    policy: policyOf(valuesOf(POLICY, values), ownParts(general, file)),
    log: logOf(valuesOf(LOG, values)),
  };
}

/** Returns the values of a section, with defaults in place of wrong ones so that the checks of the others still run. */
function valuesOf<F extends Fields>({ name, fields }: Section<F>, values: Values): InferComplete<F> {
  // Read by the same table in `readSections`; a name of a section does not carry the types of its fields.
  return withDefaults(fields, values[name] as Infer<F>);
}

/** Directory of the settings that install.sh writes, and of the tokens beside them. */
const SETTINGS_FOLDER = "/etc/harbornode";

/** Ports and paths of HarborNode itself. config.toml is among them: it may hold the token of the repository. */
function ownParts(
  { listenPort, dataDir }: Pick<Settings, "listenPort" | "dataDir">,
  file: string | null,
): Settings["policy"]["own"] {
  const paths = [dataDir, SETTINGS_FOLDER, ...(file === null ? [] : [file])];
  return { ports: listenPort === 0 ? [] : [listenPort], paths };
}

function unreadable(file: string, error: Error): { problems: Problem[] } {
  const isMissing = error instanceof Deno.errors.NotFound;
  const message = isMissing ? "there is no such file" : `cannot be read: ${readError(error)}`;
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
