import assert from "node:assert/strict";
import { join } from "node:path";
import type { Delivery } from "../../src/model/snapshot.ts";
import { DeliveryLog } from "../../src/store/delivery_log.ts";
import { tempDir } from "../support/temp.ts";

function delivery(id: string): Delivery {
  return { at: "2026-06-01T00:00:00Z", id, forge: "github", event: "push", verdict: "accepted", message: "queued" };
}

Deno.test("deliveries are there after a restart, the last fifty, and what was accepted is known", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "deliveries.json");
  const log = await DeliveryLog.open(path);
  for (let i = 0; i < 600; i++) log.add(delivery(`d${i}`), i % 2 === 0 ? `github d${i}` : null);
  await log.close();
  const again = await DeliveryLog.open(path);
  assert.deepEqual(again.deliveries.map((one) => one.id), Array.from({ length: 50 }, (_, i) => `d${550 + i}`));
  assert.deepEqual([again.has("github d598"), again.has("github d599")], [true, false]);
  for (let i = 0; i < 500; i++) again.add(delivery("x"), `github x${i}`);
  assert.deepEqual([again.has("github d598"), again.has("github x0")], [false, true], "the oldest are forgotten");
  await again.close();
});

Deno.test("deliveries that cannot be read are set aside, and nothing is written while nothing comes", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "deliveries.json");
  await Deno.writeTextFile(path, '{"version":1,"value":{"deliveries":[{}],"accepted":[]}}');
  const log = await DeliveryLog.open(path);
  assert.deepEqual(log.deliveries, []);
  await log.close();
  assert.deepEqual((await Array.fromAsync(Deno.readDir(dir.path))).map((entry) => entry.name), [
    "deliveries.json.aside-torn",
  ]);
});
