import assert from "node:assert/strict";
import { testNeeding } from "../support/prerequisite.ts";
import { fleet, FOREVER, sync, textOf } from "./fleet.ts";

await testNeeding(["git"], "after a restart without network the last revision is there, checked", async () => {
  await using on = await fleet();
  assert.equal(await on.source().lastFetched(), null);
  await sync(on.source());
  on.server.fault = { type: "status", status: 503 };
  on.server.requests.length = 0;

  const revision = await on.source().lastFetched();

  assert.equal(revision?.id, on.first);
  assert.equal(await textOf(revision!, "services/hello/run.sh"), "#!/bin/sh\n");
  assert.deepEqual(on.server.requests, []);
});

await testNeeding(["git"], "what was fetched from another URL or branch is not taken for this one's", async () => {
  await using on = await fleet();
  await sync(on.source());
  assert.equal(await on.source({ branch: "other" }).lastFetched(), null);
  assert.equal(await on.source({ url: `${on.server.url("fleet")}2` }).lastFetched(), null);

  await on.repository.git("branch", "other");
  await sync(on.source({ branch: "other" }));
  assert.equal((await on.source({ branch: "other" }).lastFetched())?.id, on.first);
});

await testNeeding(["git"], "lost content is noticed, and mended by the next fetch", async () => {
  await using on = await fleet();
  await sync(on.source());
  await Deno.remove(`${on.gitDir}/content`);

  await assert.rejects(on.source().lastFetched(), { name: "Failure", reason: "repo_invalid", kind: "transient" });
  assert.equal((await sync(on.source())).id, on.first);
  assert.equal((await on.source().lastFetched())?.id, on.first);
});

await testNeeding(["git"], "each flipped bit on the disk is noticed, and mended by the next fetch", async () => {
  await using on = await fleet();
  const revision = await sync(on.source());
  const content = `${on.gitDir}/content`;
  const { size } = await Deno.stat(content);
  for (let at = 0; at < size; at += 5) {
    const bytes = await Deno.readFile(content);
    bytes[at]! ^= 1 << (at % 8);
    await Deno.writeFile(content, bytes);
    await assert.rejects(on.source().lastFetched(), { name: "Failure", reason: "repo_invalid" });
    const reads = await Promise.allSettled(revision.entries.map((entry) => revision.read(entry)));
    assert.deepEqual(
      reads.filter((read) => read.status === "rejected").length,
      1,
      "the file that it is in, and no other",
    );
    bytes[at]! ^= 1 << (at % 8);
    await Deno.writeFile(content, bytes);
  }
  await Deno.writeFile(content, (await Deno.readFile(content)).subarray(1));
  assert.equal((await sync(on.source())).id, on.first);
  assert.equal((await on.source().lastFetched())?.id, on.first);
});

await testNeeding(["git"], "a torn record is as good as none", async () => {
  await using on = await fleet();
  await sync(on.source());
  await Deno.writeTextFile(`${on.gitDir}/harbornode.json`, "");
  assert.equal(await on.source().lastFetched(), null);
  assert.equal((await sync(on.source())).id, on.first);
});

await testNeeding(
  ["git"],
  "a swap that was cut off between its two renames leaves the old revision usable",
  async () => {
    await using on = await fleet();
    await sync(on.source());
    await Deno.rename(on.gitDir, `${on.gitDir}.old`);
    await Deno.mkdir(`${on.gitDir}.new/objects`, { recursive: true });

    assert.equal((await on.source().lastFetched())?.id, on.first);

    const left = [];
    for await (const entry of Deno.readDir(`${on.dir}/data`)) left.push(entry.name);
    assert.deepEqual(left, ["repository"]);
  },
);

await testNeeding(
  ["git"],
  "a process killed in mid-fetch leaves the old revision usable and the next fetch whole",
  async () => {
    await using on = await fleet();
    await sync(on.source());
    await on.repository.write("random.bin", crypto.getRandomValues(new Uint8Array(60_000)));
    const second = await on.repository.commit("more");
    on.server.fault = { type: "stall", at: "pack", afterBytes: 20_000 };

    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        new URL("./fetch_once.ts", import.meta.url).pathname,
        on.server.url("fleet"),
        on.gitDir,
      ],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    // It says so when the first bytes of the new revision are on their way.
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    assert.ok((await Deno.stat(`${on.gitDir}.new`)).isDirectory);

    assert.equal((await on.source().lastFetched())?.id, on.first);
    on.server.fault = null;
    assert.equal((await on.source().fetch(second, () => {}, FOREVER)).id, second);
  },
);
