/** git happens in a process of its own: what it is told, what it may cost, and how it ends. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { MAX_CHILD_MEMORY_BYTES, MAX_CONTENT_BYTES } from "../../../src/source/fetch_limits.ts";
import { eventually } from "../../support/eventually.ts";
import type { Fault } from "../../support/git_server.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { smallDisk } from "../../support/small_disk.ts";
import { fleet, FOREVER, sync, TOKEN } from "../fleet.ts";

/** Far enough into the answer that the pack is being written. */
const IN_PACK: Fault = { type: "stall", at: "pack", afterBytes: 150 };

/** The git process that writes below a folder. Its request is not on its command line, so it is known by what it has open. */
async function gitProcess(dir: string): Promise<number | null> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const words = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (!words.includes("/source/git_worker/main.ts") || words.startsWith("/bin/sh")) continue;
    try {
      for await (const fd of Deno.readDir(`/proc/${name}/fd`)) {
        const target = await Deno.readLink(`/proc/${name}/fd/${fd.name}`).catch(() => "");
        if (target.startsWith(dir)) return Number(name);
      }
    } catch {
      // It has ended.
    }
  }
  return null;
}

await testNeeding(
  ["git"],
  "credentials reach the git process by its stdin: no word and no variable holds one",
  async () => {
    await using on = await fleet({ token: TOKEN });
    on.server.fault = IN_PACK;
    Deno.env.set("HARBORNODE_REPO_TOKEN", TOKEN);
    const stop = new AbortController();
    const fetching = on.source({ token: TOKEN }).fetch(on.first, () => {}, stop.signal).catch((error) => error);
    const pid = await eventually("the git process runs", () => gitProcess(on.dir));
    Deno.env.delete("HARBORNODE_REPO_TOKEN");
    for (const file of ["cmdline", "environ"]) {
      const text = new TextDecoder("latin1").decode(await Deno.readFile(`/proc/${pid}/${file}`));
      assert.ok(text.length > 10 && !text.includes(TOKEN), file);
    }
    assert.match(
      await Deno.readTextFile(`/proc/${pid}/limits`),
      new RegExp(`Max data size +${MAX_CHILD_MEMORY_BYTES} `),
    );
    assert.equal((await Deno.readTextFile(`/proc/${pid}/oom_score_adj`)).trim(), "1000");
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    assert.equal(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2], String(pid), "it leads a group of its own");
    stop.abort(new Error("enough"));
    assert.equal((await fetching).message, "enough");
    await eventually(
      "it has ended with the caller's patience",
      () => Deno.stat(`/proc/${pid}`).then(() => false, () => true),
    );
  },
);

await testNeeding(["git"], "a git process ends with the daemon that started it, however that ended", async () => {
  await using on = await fleet();
  on.server.fault = IN_PACK;
  const daemon = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", join(import.meta.dirname!, "../fetch_once.ts"), on.server.url("fleet"), on.gitDir],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const pid = await eventually("the git process runs", () => gitProcess(on.dir));
  daemon.kill("SIGKILL");
  await daemon.status;
  await eventually("it has ended too", () => Deno.stat(`/proc/${pid}`).then(() => false, () => true), {
    // Its own patience with the server ends later.
    deadlineMs: 20_000,
  });
});

await testNeeding(
  ["git"],
  "a git process that is killed is a failure with a sentence, and the next one is whole",
  async () => {
    await using on = await fleet();
    on.server.fault = IN_PACK;
    const source = on.source();
    const fetching = source.fetch(on.first, () => {}, FOREVER).catch((error) => error);
    const pid = await eventually("the git process runs", () => gitProcess(on.dir));
    Deno.kill(pid, "SIGKILL");
    const failure = await fetching;
    assert.match(failure.message, /needs more memory than it may have, or broke the process that read it \(SIGKILL\)$/);
    assert.deepEqual([failure.kind, failure.reason], ["refused", "repo_invalid"]);
    on.server.fault = null;
    assert.equal((await sync(source)).id, on.first);
  },
);

await testNeeding(
  ["git"],
  "a file that unfolds to more than a device may hold costs nobody but its process",
  async () => {
    await using on = await fleet();
    await sync(on.source());
    // Zeros: a few hundred kilobytes on the wire.
    const file = await Deno.open(`${on.repository.dir}/bomb`, { write: true, create: true });
    await file.truncate(MAX_CONTENT_BYTES + 1);
    file.close();
    await on.repository.git("config", "core.compression", "1");
    const bomb = await on.repository.commit("a bomb");
    const source = on.source({ timeoutMs: 60_000 });
    const refused = {
      kind: "mistake",
      reason: "repo_invalid",
      message: /unpacked, it needs more than 1024 MiB of memory$/,
    };
    await assert.rejects(source.fetch(bomb, () => {}, FOREVER), refused);
    assert.equal((await source.lastFetched())?.id, on.first);
    on.server.requests.length = 0;
    await assert.rejects(source.fetch(bomb, () => {}, FOREVER), refused);
    assert.deepEqual(on.server.requests, [], "it is not downloaded again");
  },
);

await testNeeding(
  ["git", "root"],
  "a disk that has no room is said with each look, and the revision is received again once there is some",
  async () => {
    await using on = await fleet();
    await using disk = await smallDisk(`${on.dir}/disk`, { megabytes: 1 });
    const source = on.source({}, { gitDir: `${disk.path}/repository` });
    await sync(source);
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    for (const name of ["a", "b", "c", "d"]) {
      await on.repository.write(name, bytes.map((byte) => byte ^ name.charCodeAt(0)));
    }
    const id = await on.repository.commit("too much");
    await disk.fill();
    const full = { name: "Failure", kind: "waiting", reason: "disk_full", message: /^The disk is full/ };
    await assert.rejects(source.fetch(id, () => {}, FOREVER), full);
    on.server.requests.length = 0;
    await assert.rejects(source.fetch(id, () => {}, FOREVER), full);
    assert.deepEqual(on.server.requests, [], "it is not received again");
    await disk.free();
    assert.equal((await source.fetch(id, () => {}, FOREVER)).id, id);
  },
);

await testNeeding(
  ["git", "root"],
  "a disk that is read-only is the cause that is named, and the revision on it is used",
  async () => {
    await using on = await fleet();
    await using disk = await smallDisk(`${on.dir}/disk`, { megabytes: 4 });
    const place = { gitDir: `${disk.path}/repository` };
    await sync(on.source({}, place));
    await Deno.mkdir(`${place.gitDir}.new`);
    await on.repository.write("a", "b");
    const id = await on.repository.commit("more");
    await disk.readOnly();
    const source = on.source({}, place);
    assert.equal((await source.lastFetched())?.id, on.first);
    await assert.rejects(source.fetch(id, () => {}, FOREVER), {
      name: "Failure",
      kind: "waiting",
      reason: "disk_read_only",
      message: /^The disk of data_dir is read-only: a new revision of ".*" cannot be written$/,
      hint: /^see why with /,
    });
    await disk.writable();
    assert.equal((await source.fetch(id, () => {}, FOREVER)).id, id);
  },
);

await testNeeding(
  ["git", "root"],
  "a disk that is full in the middle of a fetch is said, and what was there stays",
  async () => {
    await using on = await fleet();
    const disk = `${on.dir}/disk`;
    await Deno.mkdir(disk);
    const mounted = await new Deno.Command("mount", { args: ["-t", "tmpfs", "-o", "size=300k", "none", disk] })
      .output();
    assert.ok(mounted.success, new TextDecoder().decode(mounted.stderr));
    try {
      const source = on.source({}, { gitDir: `${disk}/repository` });
      await sync(source);
      const bytes = crypto.getRandomValues(new Uint8Array(60_000));
      for (const name of ["a", "b", "c", "d", "e", "f"]) {
        await on.repository.write(name, bytes.map((byte) => byte ^ name.charCodeAt(0)));
      }
      await on.repository.commit("too much");
      await assert.rejects(sync(source), {
        name: "Failure",
        reason: "disk_full",
        kind: "waiting",
        message: /^The disk is full/,
      });
      assert.equal((await source.lastFetched())?.id, on.first);
    } finally {
      await new Deno.Command("umount", { args: ["--lazy", disk] }).output();
    }
  },
);
