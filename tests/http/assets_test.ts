import assert from "node:assert/strict";
import { assetsModule } from "../support/embed_assets.ts";

Deno.test("the stylesheet and the script inside the executable are those of ui/", async () => {
  const made = await Deno.readTextFile(new URL("../../ui/assets.ts", import.meta.url));
  assert.equal(made, await assetsModule(), "run: deno run -A tests/support/embed_assets.ts");
});
