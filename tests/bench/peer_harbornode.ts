/** HarborNode as a user drives it: a local repository, a config.toml, `run`. */
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import type { Peer, Site, Supervisor } from "./peer.ts";
import type { Service } from "./service.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const SOURCE = [Deno.execPath(), "run", "-A", "--quiet", join(ROOT, "src/main.ts")];

/** The executable of HARBORNODE_EXECUTABLE, else of `deno task compile`; null when there is none. */
export async function findExecutable(): Promise<string | null> {
  const named = Deno.env.get("HARBORNODE_EXECUTABLE");
  if (named !== undefined) return await Deno.realPath(named);
  const compiled = join(ROOT, `dist/harbornode-linux-${Deno.build.arch}`);
  return await Deno.stat(compiled).then(() => compiled, () => null);
}

/** What begins each of its command lines. */
export function daemonCommand(executable: string | null): string[] {
  return executable === null ? SOURCE : [executable];
}

/** `executable` null: from source, which is slower to start and larger than what users run. */
export async function harbornode(executable: string | null): Promise<Peer> {
  const command = daemonCommand(executable);
  const [program, ...args] = [...command, "version"];
  const { stdout } = await new Deno.Command(program!, { args, stderr: "inherit" }).output();
  const version = new TextDecoder().decode(stdout).split("\n")[0]!.replace(/^harbornode /, "");
  return { name: "harbornode", version, prepare: (site, services) => prepare(command, { site, services }) };
}

async function prepare(
  command: string[],
  { site, services }: { site: Site; services: Service[] },
): Promise<Supervisor> {
  const { root } = site;
  const repository = await GitRepository.create(join(root, "repository"));
  for (const { name, program } of services) {
    await repository.write(`services/${name}.toml`, `command = ["${program}"]\nrestart = "always"\n`);
  }
  await repository.commit("Run the services");
  const config = join(root, "config.toml");
  const lines = [
    'device = "bench"',
    'listen_address = "127.0.0.1"',
    "listen_port = 0",
    `data_dir = "${join(root, "data")}"`,
    "[repo]",
    `url = "${repository.dir}"`,
    // The others start no containers either.
    "[runtime]",
    "docker_enabled = false",
    "[log]",
    'level = "warning"',
    "",
  ];
  await Deno.writeTextFile(config, lines.join("\n"));
  return new HarborNode(command, { site, config });
}

class HarborNode implements Supervisor {
  readonly #command: string[];
  readonly #site: Site;
  readonly #config: string;
  #pid = 0;

  constructor(command: string[], { site, config }: { site: Site; config: string }) {
    this.#command = command;
    this.#site = site;
    this.#config = config;
  }

  start(): Promise<void> {
    const log = join(this.#site.root, "harbornode.log");
    this.#pid = this.#site.launch([...this.#command, "run", "--config", this.#config], { log });
    return Promise.resolve();
  }

  daemonPid(): Promise<number> {
    return Promise.resolve(this.#pid);
  }

  /** In order, since instances have cgroups; with a daemon of its own when there is none. */
  async stop(): Promise<void> {
    if (!await this.#down()) {
      await this.start();
      await eventually("the daemon takes the order to go down", () => this.#down(), { deadlineMs: 20_000 });
    }
    const device = await Deno.readTextFile(join(this.#site.root, "data/device.json")).catch(() => "{}");
    const id = /[0-9a-f]{16}/.exec(device)?.[0];
    if (id !== undefined && Deno.uid() === 0) {
      await Deno.remove(`/run/harbornode/${id}`, { recursive: true }).catch(() => {});
    }
  }

  async #down(): Promise<boolean> {
    const [program, ...args] = [...this.#command, "down", "--config", this.#config];
    return (await new Deno.Command(program!, { args, stdin: "null" }).output()).success;
  }
}
