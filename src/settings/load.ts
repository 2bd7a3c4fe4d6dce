/** Finds, reads and checks the settings: defaults, then config.toml, then the environment. All problems at once. */
import { dirname, isAbsolute, resolve } from "node:path";
import { parseDocument, placed } from "../manifest/document.ts";
import { readFields } from "../manifest/grammar.ts";
import { nearest } from "../manifest/nearest.ts";
import { type Found, isTable, Place, quote, type Table } from "../manifest/place.ts";
import type { Problem } from "../model/problem.ts";
import { SECTIONS, variableOf } from "./fields.ts";
import type { Settings } from "./settings.ts";

export interface LoadOptions {
  /** As --config names it; undefined for ./config.toml where it exists. */
  file: string | undefined;
  cwd: string;
  env: Record<string, string>;
  /** The device's name where none is set. */
  hostname: string;
}

/** Variables that begin like settings and are none. */
const OTHERS = /^HARBORNODE_(TEST_.*|BASE_URL|VERSION|CONFIG|EXECUTABLE|WORKLOAD|SLOT|INSTANCE)$/;

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
  const problems: Problem[] = [];
  const values = readSections(document.table, new Place(found));
  overrideFromEnvironment(values, { env: options.env, problems });
  const base = dirname(path);
  const place = new Place(found);
  const token = await secretOf(values.repo!, { name: "token", place: place.at("repo"), base });
  const secret = await secretOf(values.webhook!, { name: "secret", place: place.at("webhook"), base });
  if (values.repo!.url === undefined && !found.some((one) => one.path.join(".") === "repo.url")) {
    place.at("repo").report(
      'the field "url" is missing',
      'write url = "https://git.example.org/fleet.git" below [repo]',
    );
  }
  problems.unshift(...placed(shown, source, found));
  if (problems.length > 0) return { problems };
  return {
    settings: settingsFrom(values, {
      file: typeof text === "string" ? path : null,
      base,
      token,
      secret,
      hostname: options.hostname,
    }),
  };
}

type Values = Record<string, Table>;

function readSections(table: Table, place: Place): Values {
  const names = SECTIONS.map((section) => section.name).filter((name) => name !== "");
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
    if (given !== undefined && !isTable(given)) place.at(name).report(`is ${quote(given)}, wanted a table [${name}]`);
    values[name] = readFields(fields, isTable(given) ? given : {}, { place: place.at(name) });
  }
  return values;
}

function overrideFromEnvironment(
  values: Values,
  { env, problems }: { env: Record<string, string>; problems: Problem[] },
): void {
  const known = new Map(
    SECTIONS.flatMap(({ name, fields }) =>
      fields.map((field) => [variableOf(name, field.name), { section: name, field }] as const)
    ),
  );
  for (const [variable, text] of Object.entries(env).filter(([name]) => name.startsWith("HARBORNODE_"))) {
    const setting = known.get(variable);
    if (setting === undefined) {
      if (OTHERS.test(variable)) continue;
      const close = nearest(variable, [...known.keys()]);
      const hint = close === null ? "unset it" : `did you mean "${close}"?`;
      problems.push({ file: "environment", field: variable, message: "there is no setting of this name", hint });
      continue;
    }
    const found: Found[] = [];
    const value = setting.field.grammar.read(fromText(text, setting.field.grammar.schema), new Place(found));
    if (value !== undefined) values[setting.section]![setting.field.name] = value;
    problems.push(...found.map(({ message, hint }) => ({
      file: "environment",
      field: variable,
      message,
      ...(hint === undefined ? {} : { hint }),
    })));
  }
}

/** The environment has text alone: numbers, true and false, and "a=b,c=d" for a table are told by what is wanted. */
function fromText(text: string, schema: Record<string, unknown>): unknown {
  if (schema.type === "integer" && /^-?\d+$/.test(text)) return Number(text);
  if (schema.type === "boolean" && /^(true|false)$/.test(text)) return text === "true";
  if (schema.type !== "object") return text;
  return Object.fromEntries(
    text.split(",").filter((pair) => pair !== "").map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** `token`, or the content of `token_file`. The value is in no message. */
async function secretOf(
  table: Table,
  { name, place, base }: { name: string; place: Place; base: string },
): Promise<string | null> {
  const file = table[`${name}_file`];
  const value = table[name];
  if (typeof file !== "string") return typeof value === "string" ? value : null;
  const at = place.at(`${name}_file`);
  if (typeof value === "string") {
    at.report(`is set beside ${name}, and only one of the two can count`, `take ${name} out`);
    return null;
  }
  try {
    const text = (await Deno.readTextFile(resolve(base, file))).trim();
    if (text === "") at.report(`${quote(file)} is empty`);
    return text;
  } catch (error) {
    at.report(`${quote(file)} can not be read: ${reason(error)}`);
    return null;
  }
}

function settingsFrom(
  values: Values,
  rest: { file: string | null; base: string; token: string | null; secret: string | null; hostname: string },
): Settings {
  const [top, repo, docker, runtime, log] = ["", "repo", "docker", "runtime", "log"].map((name) => values[name]!) as [
    Table,
    Table,
    Table,
    Table,
    Table,
  ];
  const url = repo.url as string;
  return {
    file: rest.file,
    listenAddress: top.listen_address as string,
    listenPort: top.listen_port as number,
    dataDir: resolve(rest.base, top.data_dir as string),
    device: top.device as string | null ?? rest.hostname,
    labels: top.labels as Record<string, string>,
    repo: {
      url: /^[a-z]+:\/\//.test(url) || isAbsolute(url) ? url : resolve(rest.base, url),
      branch: repo.branch as string,
      path: repo.path as string,
      intervalMs: repo.interval as number,
      timeoutMs: repo.timeout as number,
      username: repo.username as string,
      token: rest.token,
    },
    webhook: { secret: rest.secret },
    docker: { host: docker.host as string },
    runtime: {
      dockerEnabled: runtime.docker_enabled as boolean,
      nativeEnabled: runtime.native_enabled as boolean,
      defaultMode: runtime.default_mode as "native",
    },
    native: { portRange: { from: 20_000, to: 29_999 }, uidRange: { from: 64_000, to: 64_999 } },
    limits: { memoryReserveBytes: 64 * 1024 * 1024, diskReserveBytes: 128 * 1024 * 1024 },
    log: { level: log.level as "info", format: log.format as "text" },
  };
}

function unreadable(file: string, error: Error): { problems: Problem[] } {
  const message = error instanceof Deno.errors.NotFound ? "there is no such file" : `can not be read: ${reason(error)}`;
  const hint = 'make one with at least: [repo] and url = "https://git.example.org/fleet.git"';
  return { problems: [{ file, field: "", message, hint }] };
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error \d+\).*/, "").toLowerCase();
}
