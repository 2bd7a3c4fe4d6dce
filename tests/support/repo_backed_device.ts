/** A device of its own that follows a repository of its own: what a test pushes there runs a moment later. */
import { join } from "node:path";
import { TestDevice } from "./device.ts";
import { GitRepository } from "./git_repository.ts";
import { tempDir } from "./temp.ts";

const NO_DOCKER = ["[runtime]", "docker_enabled = false"];

/** `files` lie in services/; `extra` are further lines of config.toml, in tables of their own, `policy` those of [policy]. */
export async function pushedDevice(
  files: Record<string, string>,
  { extra = NO_DOCKER, policy }: { extra?: string[]; policy?: string[] } = {},
) {
  const dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "fleet"));
  for (const [name, text] of Object.entries(files)) await repository.write(`services/${name}`, text);
  await repository.commit("Begin");
  const device = await TestDevice.start({
    root: dir.path,
    repository: repository.dir,
    repo: ['interval = "200ms"'],
    extra,
    ...(policy === undefined ? {} : { policy }),
  });
  return {
    root: dir.path,
    repository,
    device,
    async [Symbol.asyncDispose]() {
      await device[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Where nothing looks at it, it counts as healthy after so long. */
export const SOON = 'restart = { reset_after = "300ms" }\n';
export const shell = (script: string) => `command = ${JSON.stringify(["/bin/sh", "-c", script])}\nuser = "root"\n`;
export const SLEEP = shell("exec sleep 3600");
