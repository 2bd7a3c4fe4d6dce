/** What the owner of a device may ask of it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { controlDeps } from "../../src/operations/operations.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";
import { steppedDaemon } from "../reconciler/single_reconcile_device.ts";

await testNeeding(
  ["git"],
  "a restart of what is not to run is refused with the reason, and not kept for later",
  async () => {
    await using dir = await tempDir();
    const repository = await GitRepository.create(join(dir.path, "fleet"));
    const sleep = 'command = ["/bin/sleep", "3600"]\n';
    await repository.write("services/off.toml", `${sleep}enabled = false\n`);
    await repository.write("services/left.toml", `${sleep}suspend = true\n`);
    await repository.write("services/bad.toml", `${sleep}enabled = "no"\n`);
    await repository.commit("Begin");
    await using opened = await steppedDaemon(dir.path, repository.dir);
    const { parts } = opened;
    await parts.sync.sync();
    await Promise.all(await parts.reconciler.reconcile());

    const { restart } = controlDeps(parts);
    assert.throws(() => restart("off"), { message: '"off" is switched off: enabled = false', reason: "disabled" });
    assert.throws(() => restart("left"), { message: '"left" is left alone: suspend = true', reason: "suspended" });
    const never = '"bad" was never applied: its manifest has problems';
    assert.throws(() => restart("bad"), { message: never, reason: "invalid_manifest" });
    assert.equal(parts.executor.forcedRestarts.size, 0);
  },
);
