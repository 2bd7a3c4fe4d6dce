/** A download that does not end, and a push or a word that makes it needless. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ArtifactServer } from "../runtime/native/artifact/artifact_server.ts";
import { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { SOON } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";

/** A device that downloads "app" from a server that hangs; `hangs` tells that it does. */
async function givenHanging(root: string, server: ArtifactServer) {
  const { url, sha256 } = server.put("app", new Uint8Array(200_000));
  server.faults.push(...Array.from({ length: 20 }, () => ({ type: "hang", after: 50_000 }) as const));
  const repository = await GitRepository.create(join(root, "fleet"));
  const artifact = `[artifact]\nurl = "${url}"\nsha256 = "${sha256}"`;
  await repository.write("services/app.toml", `command = ["./app"]\n${artifact}\n`);
  await repository.write("services/steady.toml", 'command = ["sleep", "1000"]\n' + SOON);
  await repository.commit("Begin");
  const device = await TestDevice.start({ root, repository: repository.dir, repo: ['interval = "200ms"'] });
  await device.until("app", (workload) => workload.message.startsWith("downloading app"));
  return { repository, device };
}

/** The silence of the server would have ended it too, in time, and as a failure. */
function assertGivenUp(device: TestDevice): void {
  assert.doesNotMatch(device.log, /cannot prepare app/);
}

await testNeeding(["git"], "a push that needs no download any more does not wait for the one under way", async () => {
  await using dir = await tempDir();
  await using server = new ArtifactServer();
  const { repository, device } = await givenHanging(dir.path, server);
  await using _ = device;
  await repository.write("services/app.toml", 'command = ["sleep", "1000"]\n');
  await repository.commit("Do without");
  await device.until("app", (workload) => workload.phase === "running");
  assertGivenUp(device);
});

await testNeeding(["git"], "sync --wait comes to rest though what was removed was being downloaded", async () => {
  await using dir = await tempDir();
  await using server = new ArtifactServer();
  const { repository, device } = await givenHanging(dir.path, server);
  await using _ = device;
  await repository.remove("services/app.toml");
  const revision = await repository.commit("Do without");
  const { code, out } = await device.cli("sync", "--wait");
  assert.equal(code, 0);
  assert.match(out, /^revision [0-9a-f]{7} is applied, the workload is healthy$/m);
  await eventually("the revision is applied", async () => (await device.status())?.source.applied === revision);
  assertGivenUp(device);
});

await testNeeding(["git"], "down does not wait for a download", async () => {
  await using dir = await tempDir();
  await using server = new ArtifactServer();
  const { device } = await givenHanging(dir.path, server);
  await using _ = device;
  const { out } = await device.cli("down");
  assert.match(out, /^stopped steady$/m);
  assertGivenUp(device);
});
