/** `deno task picture`: the README's picture of the page, light and dark, by the real page in a real browser. */
// deno-lint-ignore-file no-console -- this is a program for a terminal
import { chromium } from "playwright-core";
import { serve } from "../../src/http/serve_page.ts";
import { outlineOf, picturedApp } from "./pictured_device.ts";
import { withWord } from "./png.ts";

export const PICTURES = { light: ".github/page-light.png", dark: ".github/page-dark.png" };
/** In CSS pixels. */
export const WIDTH = 880;
/** As much of the page as tells it: down to its last workload. */
const LAST = "section:has(.rows)";
const MARGIN = 32;
/** Sharp on the screens of today. */
export const SCALE = 1.5;

const ROOT = new URL("../../", import.meta.url);

if (import.meta.main) await draw();

async function draw(): Promise<void> {
  const app = picturedApp();
  const outline = await outlineOf(await (await app.request("/")).text());
  const served = await serve(app, { address: "127.0.0.1", port: 0 });
  const args = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"];
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
  try {
    for (const [colorScheme, path] of Object.entries(PICTURES) as ["light" | "dark", string][]) {
      const context = await browser.newContext({
        viewport: { width: WIDTH, height: 600 },
        deviceScaleFactor: SCALE,
        colorScheme,
        // It would follow the device while it is drawn.
        javaScriptEnabled: false,
      });
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${served.port}/`, { waitUntil: "load" });
      const { y, height } = (await page.locator(LAST).boundingBox())!;
      const clip = { x: 0, y: 0, width: WIDTH, height: Math.round(y + height + MARGIN) };
      const png = withWord(await page.screenshot({ fullPage: true, clip }), "outline", outline);
      await Deno.writeFile(new URL(path, ROOT), png);
      console.log(`${path}  ${Math.round(png.length / 1000)} kB`);
    }
  } finally {
    await browser.close();
    await served.close();
  }
}
