/** What the unit does with a new executable that does not work, whatever it is: in the shells that devices have. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { beginTrial, readRefused, readTrial, upgradePaths } from "../../src/upgrade/upgrade_trial.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { type Guard, guardOf } from "./guard.ts";

const TRIED = { version: "0.2.0", sha256: "ab".repeat(32), from: "0.1.0" };
const OLD = "#!/bin/sh\nexit 0\n";

/** Programs that cannot be a daemon, and how many starts of each there are. */
const BROKEN: { what: string; text: string; starts: number }[] = [
  { what: "ends with 1", text: "#!/bin/sh\nexit 1\n", starts: 2 },
  { what: "segfaults at once", text: "#!/bin/sh\nkill -SEGV $$\n", starts: 2 },
  { what: "is cut short", text: "\x7fELF\x02\x01\x01", starts: 2 },
  { what: "is never ready", text: "#!/bin/sh\nexec sleep 60\n", starts: 1 },
];

async function onTrial(text: string) {
  const dir = await tempDir();
  const places = upgradePaths(join(dir.path, "harbornode"));
  await Deno.writeTextFile(places.executable, text, { mode: 0o755 });
  await Deno.writeTextFile(places.previous, OLD, { mode: 0o755 });
  await beginTrial(places, TRIED);
  return { places, folder: dir.path, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

/** One start as systemd does it, with `shell` in the place of /bin/sh. True for a daemon that was ready. */
async function start(executable: string, { guard, shell }: { guard: Guard; shell: string[] }): Promise<boolean> {
  const [program, ...words] = shell as [string, ...string[]];
  const run = async (script: string, env: Record<string, string> = {}) =>
    await new Deno.Command(program, { args: [...words, "-c", script], env, stdout: "null", stderr: "null" }).output();
  await run(guard.startPre);
  // As systemd for a start that takes too long: this one never ends by itself.
  const isHanging = (await Deno.readTextFile(executable)).includes("sleep");
  const late = isHanging ? AbortSignal.timeout(100) : AbortSignal.any([]);
  const daemon = async () =>
    await new Deno.Command(executable, { stdout: "null", stderr: "null", signal: late }).output();
  const { success } = await daemon().catch(() => ({ success: false }));
  await run(guard.stopPost, { SERVICE_RESULT: late.aborted ? "timeout" : success ? "success" : "exit-code" });
  return success;
}

for (const shell of [["dash"], ["busybox", "sh"], ["bash"]]) {
  await testNeeding(
    ["busybox"],
    `the unit's guard goes back in ${shell.join(" ")} from whatever does not work`,
    async (t) => {
      for (const { what, text, starts } of BROKEN) {
        await t.step(what, async () => {
          await using trial = await onTrial(text);
          const { places } = trial;
          const guard = await guardOf(trial.folder);
          for (let count = 0; count < starts; count++) {
            assert.equal(await start(places.executable, { guard, shell }), false, `start ${count + 1}`);
            assert.equal((await readTrial(places))?.version, "0.2.0");
          }
          assert.equal(await start(places.executable, { guard, shell }), true);
          assert.equal(await Deno.readTextFile(places.executable), OLD);
          const why = starts === 1 ? "it was not ready in time" : "it ended twice before it had settled";
          assert.deepEqual(await readRefused(places), { ...TRIED, why });
          assert.equal(await readTrial(places), null);
        });
      }
    },
  );

  await testNeeding(
    ["busybox"],
    `the unit's guard leaves alone in ${shell.join(" ")} what is not on trial`,
    async () => {
      await using trial = await onTrial("#!/bin/sh\nexit 1\n");
      const { places } = trial;
      const guard = await guardOf(trial.folder);
      await Deno.remove(places.trial);
      for (let count = 0; count < 5; count++) await start(places.executable, { guard, shell });
      assert.deepEqual((await Array.fromAsync(Deno.readDir(trial.folder))).map(({ name }) => name).sort(), [
        "harbornode",
        "harbornode.previous",
      ]);
    },
  );
}

await testNeeding(["busybox"], "a power cut in the middle of going back leaves an executable that works", async () => {
  await using trial = await onTrial("#!/bin/sh\nexit 1\n");
  const { places } = trial;
  const guard = await guardOf(trial.folder);
  const shell = ["dash"];
  await start(places.executable, { guard, shell });
  await start(places.executable, { guard, shell });
  // The first of the two renames was made.
  await Deno.rename(places.previous, places.executable);
  assert.equal(await start(places.executable, { guard, shell }), true);
  assert.equal((await readRefused(places))?.version, "0.2.0");
});
