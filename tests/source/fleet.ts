/** What most tests of the source begin with: a served repository with one commit, and the source of a device. */
import { systemClock } from "../../src/clock.ts";
import { createSource, type SourceOptions } from "../../src/source/create_source.ts";
import type { Revision, Source, TreeEntry } from "../../src/source/source.ts";
import { GitRepository } from "../support/git_repository.ts";
import { GitServer } from "../support/git_server.ts";
import { tempDir } from "../support/temp.ts";

export const TOKEN = "s3cret/t0ken+x";
export const FOREVER: AbortSignal = new AbortController().signal;

export interface FleetOptions {
  token?: string;
}

export interface Fleet extends AsyncDisposable {
  dir: string;
  gitDir: string;
  repository: GitRepository;
  server: GitServer;
  first: string;
  source(changes?: Changes, options?: Partial<SourceOptions>): Source;
}

export type SourceSettings = Parameters<typeof createSource>[0];

/** `branch` for short. */
export type Changes = Partial<SourceSettings> & { branch?: string };

export async function fleet(options: FleetOptions = {}): Promise<Fleet> {
  const dir = await tempDir();
  const repository = await GitRepository.create(`${dir.path}/served/fleet`);
  await repository.write("services/hello/hello.toml", 'name = "hello"\n');
  await repository.write("services/hello/run.sh", "#!/bin/sh\n", { executable: true });
  const first = await repository.commit("say hello\n\nand why");
  const server = await GitServer.start(`${dir.path}/served`, options);
  const gitDir = `${dir.path}/data/repository`;
  return {
    dir: dir.path,
    gitDir,
    repository,
    server,
    first,
    source: (changes = {}, options = {}) =>
      createSource(sourceSettings(server.url("fleet"), changes), { gitDir, clock: systemClock, ...options }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

export function sourceSettings(url: string, { branch = "main", ...changes }: Changes = {}): SourceSettings {
  return {
    url,
    ref: { type: "branch", name: branch },
    path: "",
    intervalMs: 60_000,
    timeoutMs: 20_000,
    username: "git",
    token: null,
    caFile: null,
    proxy: null,
    sshKeyFile: null,
    knownHostsFile: null,
    ...changes,
  };
}

/** What a daemon does: look, then fetch what was seen. */
export async function sync(source: Source): Promise<Revision> {
  return await source.fetch(await source.head(FOREVER), () => {}, FOREVER);
}

export async function textOf(revision: Revision, path: string): Promise<string> {
  const entry: TreeEntry | undefined = revision.entries.find((treeEntry) => treeEntry.path === path);
  if (entry === undefined) {
    throw new Error(`no ${path} in ${revision.entries.map((treeEntry) => treeEntry.path).join(", ")}`);
  }
  return new TextDecoder().decode(await revision.read(entry));
}

/** Text of every file below a folder, names included: what a leak would be found in. */
export async function everythingBelow(dir: string): Promise<string> {
  let all = "";
  for await (const entry of Deno.readDir(dir)) {
    const path = `${dir}/${entry.name}`;
    all += `${path}\n`;
    if (entry.isDirectory) all += await everythingBelow(path);
    if (entry.isFile) all += new TextDecoder("latin1").decode(await Deno.readFile(path));
  }
  return all;
}
