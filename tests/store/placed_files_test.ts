import assert from "node:assert/strict";
import { join } from "node:path";
import type { Workload } from "../../src/model/workload.ts";
import { materialise, placeFiles } from "../../src/store/file_tree.ts";
import { tempDir } from "../support/temp.ts";

Deno.test("files that are followed in place are never written through a link", async () => {
  await using dir = await tempDir();
  const outside = join(dir.path, "outside");
  await Deno.writeTextFile(outside, "the device's");
  const root = join(dir.path, "files");
  const web = {
    name: "web",
    files: [{ path: "a.txt", oid: "new", executable: false }],
    onChange: { type: "none" },
  } as unknown as Workload;
  await materialise(root, web, async function* () {
    yield new TextEncoder().encode("new");
  });
  await Deno.mkdir(join(root, "web/live"), { recursive: true });
  for (const name of ["live/a.txt", "live.tmp"]) await Deno.symlink(outside, join(root, "web", name));
  const live = await placeFiles(root, web);
  assert.equal(await Deno.readTextFile(join(live!, "a.txt")), "new");
  assert.ok((await Deno.lstat(join(live!, "a.txt"))).isFile);
  assert.equal(await Deno.readTextFile(outside), "the device's");
});
