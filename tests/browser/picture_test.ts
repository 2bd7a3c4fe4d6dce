/** The README's picture: small, sharp, and of the page as it is now. */
import assert from "node:assert/strict";
import { PICTURES, SCALE, WIDTH } from "./picture.ts";
import { outlineOf, picturedApp } from "./pictured_device.ts";
import { sizeOf, withWord, wordOf } from "./png.ts";

const ROOT = new URL("../../", import.meta.url);
const MOST_BYTES = 200_000;

for (const [scheme, path] of Object.entries(PICTURES)) {
  Deno.test(`the ${scheme} picture in the README shows the page as it is: else "deno task picture"`, async () => {
    const png = await Deno.readFile(new URL(path, ROOT));
    const now = await outlineOf(await (await picturedApp().request("/")).text());
    assert.equal(wordOf(png, "outline"), now, `${path} is of another page: run "deno task picture"`);
    assert.ok(png.length < MOST_BYTES, `${path} has ${png.length} bytes`);
    const { width, height } = sizeOf(png);
    assert.equal(width, WIDTH * SCALE);
    assert.ok(height > width / 2 && height < width * 1.5, `${width} x ${height}`);
  });
}

Deno.test("the README shows both pictures", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  for (const path of Object.values(PICTURES)) assert.ok(readme.includes(`"${path}"`), path);
});

Deno.test("an outline is of what is shown, and not of when", async () => {
  const page = await (await picturedApp().request("/")).text();
  const outline = await outlineOf(page);
  assert.equal(await outlineOf(page.replace(/datetime="[^"]*"/g, 'datetime="2030-01-01T00:00:00Z"')), outline);
  assert.notEqual(await outlineOf(page.replace("rolled-back", "running")), outline);
});

Deno.test("a picture keeps the word that it was given", async () => {
  const png = await Deno.readFile(new URL(PICTURES.light, ROOT));
  assert.equal(wordOf(withWord(png, "who", "me"), "who"), "me");
  assert.equal(wordOf(png, "who"), null);
});
