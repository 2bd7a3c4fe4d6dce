/**
 * Where logins of registries come from: the settings, then what `docker login` left behind, in its file or with the
 * program that the file names. Read anew each time, so that a login counts from the next pull on.
 */
import { logger } from "../../../log.ts";
import { runCredentialHelper } from "./credential_helper.ts";
import type { Login } from "./registry_login.ts";

const log = logger("docker");

/** What Docker itself calls its own registry. */
const HUB = "https://index.docker.io/v1/";

export interface CredentialSources {
  /** The owner's word, by host. */
  registries: Readonly<Record<string, { username: string; password: string }>>;
  /** Docker's own config.json; need not be there. */
  configFile: string;
}

/** https://docs.docker.com/reference/cli/docker/login/#credential-stores */
interface DockerConfig {
  auths?: Record<string, { auth?: string; identitytoken?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

export class Credentials {
  readonly #sources: CredentialSources;
  #complained = "";

  constructor(sources: CredentialSources) {
    this.#sources = sources;
  }

  /** For a host as images begin: "docker.io". Null where nobody has a login. Never throws: many images need none. */
  async of(host: string): Promise<Login | null> {
    const { registries, configFile } = this.#sources;
    const server = host === "docker.io" ? HUB : host;
    const own = Object.hasOwn(registries, host) ? registries[host] : undefined;
    if (own !== undefined) return { from: null, ...own, identityToken: null, server };
    try {
      return await fromDocker(await readConfig(configFile), { host, server, configFile });
    } catch (error) {
      // Of a file that holds passwords, not even the place of a mistake is told.
      const why = error instanceof SyntaxError ? "it is no JSON" : error instanceof Error ? error.message : "";
      if (why !== this.#complained) {
        log.warn('logins of registries in "{configFile}" are not used: {why}', { configFile, why });
      }
      this.#complained = why;
      return null;
    }
  }
}

async function fromDocker(
  config: DockerConfig,
  { host, server, configFile }: { host: string; server: string; configFile: string },
): Promise<Login | null> {
  const helper = of(config.credHelpers, host) ?? config.credsStore ?? null;
  const told = helper === null ? null : await runCredentialHelper(helper, server);
  if (told !== null) return { ...told, server };
  const entry = of(config.auths, host);
  if (typeof entry?.identitytoken === "string" && entry.identitytoken !== "") {
    return { from: `"${configFile}"`, username: "", password: "", identityToken: entry.identitytoken, server };
  }
  const [username = "", ...rest] = typeof entry?.auth === "string" ? decoded(entry.auth).split(":") : [];
  if (username === "" || rest.length === 0) return null;
  return { from: `"${configFile}"`, username, password: rest.join(":"), identityToken: null, server };
}

async function readConfig(path: string): Promise<DockerConfig> {
  try {
    const value: unknown = JSON.parse(await Deno.readTextFile(path));
    return value !== null && typeof value === "object" ? value : {};
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

/** By host, however Docker's tools of all ages have written it: with a scheme, with a path, or without. */
function of<T>(table: Record<string, T> | undefined, host: string): T | undefined {
  const entries = table !== null && typeof table === "object" ? Object.entries(table) : [];
  return entries.find(([key]) => key === host)?.[1] ?? entries.find(([key]) => hostIn(key) === host)?.[1];
}

function hostIn(key: string): string {
  const host = key.replace(/^https?:\/\//, "").split("/")[0]!;
  return host === "index.docker.io" || host === "registry-1.docker.io" ? "docker.io" : host;
}

/** The password of Docker's file ends with zeros now and then. */
function decoded(auth: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(auth)).replace(/\0+$/, "");
}
