/** The server that other tests rely on: git itself must find nothing strange in it. */
import assert from "node:assert/strict";
import { runGit } from "../support/git_environment.ts";
import { GitRepository } from "../support/git_repository.ts";
import { GitServer } from "../support/git_server.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

await testNeeding(["git"], "git clones from the test server, with the credentials that it asks for", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(`${dir.path}/served/fleet`);
  await repository.write("services/hello.toml", "name = 'hello'\n");
  const id = await repository.commit("first");
  await using server = await GitServer.start(`${dir.path}/served`, { username: "ada", token: "token-1234" });

  await assert.rejects(runGit(dir.path, ["clone", server.url("fleet"), "refused"]), /could not read Username/);
  const url = server.url("fleet").replace("http://", "http://ada:token-1234@");
  await runGit(dir.path, ["clone", "--quiet", "--depth=1", url, "clone"]);

  assert.equal(await runGit(`${dir.path}/clone`, ["rev-parse", "HEAD"]), id);
  assert.equal(server.requests[0]?.authorized, false);
  assert.equal(server.requests.at(-1)?.authorized, true);
});

await testNeeding(["git"], "the test server answers a client that it cut off on the next try", async () => {
  await using dir = await tempDir();
  const repository = await GitRepository.create(`${dir.path}/fleet`);
  await repository.write("a.txt", "a");
  await repository.commit("first");
  await using server = await GitServer.start(dir.path);

  server.fault = { type: "cut", at: "pack", afterBytes: 40 };
  await assert.rejects(runGit(dir.path, ["clone", server.url("fleet"), "clone"]));
  server.fault = null;
  await runGit(dir.path, ["clone", "--quiet", server.url("fleet"), "clone"]);
});
