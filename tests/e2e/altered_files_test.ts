/** A program that is changed on the device comes from the repository again with its next start. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice } from "../support/repo_backed_device.ts";

const MANIFEST = 'command = ["./app"]\nuser = "root"\nstop_timeout = "100ms"\n';

await testNeeding(["git", "root"], "a program that is changed on disk comes from the repository again", async () => {
  await using here = await pushedDevice({});
  const { device, repository } = here;
  await repository.write("services/web/service.toml", MANIFEST);
  await repository.write("services/web/app", "#!/bin/sh\nexec sleep 3600\n", { executable: true });
  await repository.commit("A script");
  const { instances } = await device.until("web", (workload) => workload.phase === "running");
  const directory = join(device.dataDir, "files/web");
  const program = await eventually("its folder is there", async () => {
    for await (const { name } of Deno.readDir(directory)) return join(directory, name, "app");
  });
  await Deno.remove(program);
  await Deno.writeTextFile(program, "#!/bin/sh\nexit 9\n", { mode: 0o755 });
  const pid = instances[0]!.pid!;
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // Its repair was quicker.
  }
  await device.until("web", (workload) => workload.phase === "running" && (workload.instances[0]?.pid ?? pid) !== pid);
  assert.match(await Deno.readTextFile(program), /sleep 3600/);
  await eventually("it was told", async () => {
    const messages = (await device.status())!.events.map(({ message }) => message);
    return messages.includes('"app" of web changed on disk, and came from the repository again');
  });
});
