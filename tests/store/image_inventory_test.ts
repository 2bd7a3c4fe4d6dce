import assert from "node:assert/strict";
import { ImageInventory } from "../../src/store/image_inventory.ts";
import { tempDir } from "../support/temp.ts";

Deno.test("the list of pulled images survives, is written only when it changes, and is empty when it is torn", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/images.json`;
  const images = [{ id: "sha256:1", names: ["web:1"] }];
  const inventory = await ImageInventory.open(path);
  assert.deepEqual(inventory.images, []);
  await inventory.save(images);
  assert.deepEqual((await ImageInventory.open(path)).images, images);
  await Deno.remove(path);
  await inventory.save([{ names: ["web:1"], id: "sha256:1" }]);
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  for (const text of ["{", '{"version":1,"value":[{"id":1}]}', '{"version":2,"value":[]}']) {
    await Deno.writeTextFile(path, text);
    assert.deepEqual((await ImageInventory.open(path)).images, []);
  }
});
