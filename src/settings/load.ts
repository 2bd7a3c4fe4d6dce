/** Finds, reads and checks the settings: defaults, then config.toml, then the environment. All problems at once. */
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseDocument, placed } from "../manifest/document.ts";
import { readFields } from "../manifest/grammar.ts";
import { nearest } from "../manifest/nearest.ts";
import { type Found, isTable, Place, type Table } from "../manifest/place.ts";
import type { Problem } from "../model/problem.ts";
import type { RuntimeName } from "../model/workload.ts";
import { environmentProblems, overrideFromEnvironment, variableOf } from "./environment.ts";
import { SECTIONS } from "./fields.ts";
import { readRegistries } from "./registries.ts";
import { resolveRepository } from "./repository_url.ts";
import { secretOf, whyUnreadable } from "./secret.ts";
import type { Range, Settings } from "./settings.ts";

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

  const found: Found[] = [];
  const foundOutside: Found[] = [];
  const [place, outside] = [new Place(found), new Place(foundOutside)];
  const values = readSections(document.table, place);
  const variables = overrideFromEnvironment(values, { env: options.env, place: outside });
  const placeOf = (section: string) => (key: string) => {
    const variable = variableOf(section, key);
    return variables.has(variable) ? outside.at(variable) : place.at(section).at(key);
  };
  const base = dirname(path);
  const token = await secretOf(values.repo!, { name: "token", placeOf: placeOf("repo"), base });
  const secret = await secretOf(values.webhook!, { name: "secret", placeOf: placeOf("webhook"), base });
  const registries = await readRegistries(document.table.registry, { place: place.at("registry"), base });
  if (!saysUrl(document.table) && !variables.has(variableOf("repo", "url"))) {
    place.at("repo").report(
      'the field "url" is missing',
      'write url = "https://git.example.org/fleet.git" below [repo]',
    );
  }
  const problems = [...placed(shown, source, found), ...environmentProblems(foundOutside)];
  if (problems.length > 0) return { problems };
  return {
    settings: settingsFrom(values, {
      file: typeof text === "string" ? path : null,
      base,
      token,
      secret,
      registries,
      home: options.env.HOME ?? homedir() ?? "/",
      hostname: options.hostname,
    }),
  };
}

/** By section, then by key. */
type Values = Record<string, Table>;

/** Whether there is a URL, right or wrong; of a `repo` that is no table it is not known, and that was said already. */
function saysUrl({ repo }: Table): boolean {
  return repo !== undefined && (!isTable(repo) || Object.hasOwn(repo, "url"));
}

function readSections(table: Table, place: Place): Values {
  const names = [...SECTIONS.map((section) => section.name).filter((name) => name !== ""), "registry"];
  const values: Values = {};
  for (const { name, fields } of SECTIONS) {
    if (name === "") {
      const explain = (key: string) => {
        const close = nearest(key, [...names, ...fields.map((field) => field.name)]);
        const home = SECTIONS.find((section) => section.fields.some((field) => field.name === key));
        if (home !== undefined) return { hint: `it belongs below [${home.name}]` };
        return close === null ? null : { hint: `did you mean "${close}"?` };
      };
      values[name] = readFields(fields, table, { place, explain, ignore: (key) => names.includes(key) });
      continue;
    }
    const given = table[name];
    // Not quoted: people write the one thing that a section is about, and of two sections that is a secret.
    if (given !== undefined && !isTable(given)) {
      place.at(name).report("is no table", `write [${name}] on a line of its own, and its settings below`);
    }
    values[name] = readFields(fields, isTable(given) ? given : {}, { place: place.at(name) });
  }
  return values;
}

function settingsFrom(
  values: Values,
  rest: {
    file: string | null;
    base: string;
    token: string | null;
    secret: string | null;
    registries: Settings["registries"];
    home: string;
    hostname: string;
  },
): Settings {
  const section = (name: string) => values[name]!;
  const [top, repo, runtime, native] = [section(""), section("repo"), section("runtime"), section("native")];
  const [limits, policy, log, docker] = [section("limits"), section("policy"), section("log"), section("docker")];
  return {
    file: rest.file,
    listenAddress: top.listen_address as string,
    listenPort: top.listen_port as number,
    dataDir: resolve(rest.base, top.data_dir as string),
    device: top.device as string | null ?? rest.hostname,
    labels: top.labels as Record<string, string>,
    repo: {
      url: resolveRepository(repo.url as string, rest.base),
      branch: repo.branch as string,
      path: repo.path as string,
      intervalMs: repo.interval as number,
      timeoutMs: repo.timeout as number,
      username: repo.username as string,
      token: rest.token,
    },
    webhook: { secret: rest.secret },
    docker: {
      host: docker.host as string,
      configFile: resolve(rest.base, docker.config as string | null ?? join(rest.home, ".docker/config.json")),
    },
    registries: rest.registries,
    runtime: {
      dockerEnabled: runtime.docker_enabled as boolean,
      nativeEnabled: runtime.native_enabled as boolean,
      defaultMode: runtime.default_mode as RuntimeName | null,
      modes: runtime.modes as Record<string, RuntimeName>,
    },
    native: {
      portRange: native.port_range as Range,
      uidRange: native.uid_range as Range | null,
    },
    rollout: { scope: section("rollout").scope as Settings["rollout"]["scope"] },
    limits: {
      memoryReserveBytes: limits.memory_reserve as number,
      diskReserveBytes: limits.disk_reserve as number,
    },
    policy: {
      allowDevices: policy.allow_devices as string[],
      allowGpus: policy.allow_gpus as boolean,
      allowCapabilities: policy.allow_capabilities as string[],
      allowRoot: policy.allow_root as boolean,
      allowPrivileged: policy.allow_privileged as boolean,
      allowHostNetwork: policy.allow_host_network as boolean,
      allowHostPaths: policy.allow_host_paths as string[],
      allowNetworks: policy.allow_networks as string[],
    },
    log: { level: log.level as "info", format: log.format as "text" },
  };
}

function unreadable(file: string, error: Error): { problems: Problem[] } {
  const isMissing = error instanceof Deno.errors.NotFound;
  const message = isMissing ? "there is no such file" : `can not be read: ${whyUnreadable(error)}`;
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
