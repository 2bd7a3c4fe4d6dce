/** Programs behind start scripts, from the push to every way in which a device ends them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, shell } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";

/** A program that saves when it is asked to end, which takes it a moment; the shell before it does not exec. */
const wrapped = (directory: string, name: string) => {
  const program = `trap "sleep 0.3; echo saved >>${directory}/${name}; exit 0" TERM; ` +
    `echo up >>${directory}/${name}; while :; do sleep 0.05; done`;
  return `${shell(`sh -c '${program}'; echo done`)}stop_timeout = "1m"\n`;
};

await testNeeding(
  ["git"],
  "a program behind a start script saves its data at an update, at its job's timeout, at a removal and at down",
  async () => {
    await using dir = await tempDir();
    const written = async (name: string) => (await Deno.readTextFile(join(dir.path, name)).catch(() => "")).split("\n");
    const has = (name: string, ...lines: string[]) =>
      eventually(`${name} has written ${lines}`, async () => {
        return (await written(name)).slice(0, lines.length).join() === lines.join();
      });
    await using here = await pushedDevice({
      "updated.toml": wrapped(dir.path, "updated"),
      "removed.toml": wrapped(dir.path, "removed"),
      "job.toml": `${wrapped(dir.path, "job")}type = "job"\ntimeout = "5s"\n`,
    });
    const { device, repository } = here;
    for (const name of ["updated", "removed", "job"]) await has(name, "up");
    await repository.write("services/updated.toml", `${wrapped(dir.path, "updated")}env = { VERSION = "2" }\n`);
    await repository.remove("services/removed.toml");
    await repository.commit("Update one, remove another");
    await has("updated", "up", "saved", "up");
    await has("removed", "up", "saved");
    await has("job", "up", "saved");
    const { code } = await device.cli("down");
    assert.equal(code, 0);
    assert.deepEqual(await written("updated"), ["up", "saved", "up", "saved", ""]);
  },
);
