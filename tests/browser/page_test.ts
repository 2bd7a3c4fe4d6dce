/** The page in a real browser: phone and desktop, light and dark, with and without script. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { createPageApp } from "../../src/http/page_app.ts";
import { serve } from "../../src/http/serve_page.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { webhookOnPaper } from "../http/test_app.ts";
import { missing, testNeeding } from "../support/prerequisite.ts";
import {
  guardedSnapshot,
  healthySnapshot,
  jobSnapshot,
  rolledBackWorkload,
  troubledSnapshot,
  usageSeries,
  workload,
} from "../support/snapshots.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
/** The driver keeps pipes of its own open until its process has ended. */
const LOOSE = { sanitizeOps: false, sanitizeResources: false };
const wantedShots = Deno.env.get("HARBORNODE_TEST_SCREENSHOTS");
const shots = wantedShots ?? await Deno.makeTempDir({ prefix: "harbornode-shots-" });
if (wantedShots === undefined) addEventListener("unload", () => Deno.removeSync(shots, { recursive: true }));

class PageServer implements AsyncDisposable {
  readonly listeners = new Set<() => void>();
  constructor(public snapshot: Snapshot) {}
  url = "";
  #close = () => Promise.resolve();

  async start(): Promise<this> {
    const app = createPageApp({
      snapshot: () => this.snapshot,
      subscribe: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
      usage: (name) => usageSeries(name === "web" ? 3 : 1),
      logs: async function* () {
        yield { slot: 0, stream: null, text: "listening on 8554" };
      },
      webhook: webhookOnPaper(),
      ready: () => ({ ok: true, message: "ready" }),
    });
    const served = await serve(app, { address: "127.0.0.1", port: 0 });
    this.url = `http://127.0.0.1:${served.port}`;
    this.#close = () => served.close();
    return this;
  }

  change(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    for (const listener of this.listeners) listener();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

async function withPage(
  options: { snapshot: Snapshot; size?: keyof typeof SIZES; dark?: boolean; script?: boolean },
  look: (page: Page, server: PageServer) => Promise<void>,
): Promise<void> {
  const { snapshot, size = "desktop", dark = false, script = true } = options;
  await using server = await new PageServer(snapshot).start();
  const browser: Browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
  try {
    const context = await browser.newContext({
      viewport: SIZES[size],
      colorScheme: dark ? "dark" : "light",
      javaScriptEnabled: script,
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(server.url)) complaints.push(`a request to ${request.url()}`);
    });
    await page.goto(server.url, { waitUntil: "load" });
    await look(page, server);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
  }
}

for (const size of ["phone", "desktop"] as const) {
  for (const dark of [false, true]) {
    const name = `${size}-${dark ? "dark" : "light"}`;
    await testNeeding(
      ["browser"],
      `the page shows a healthy device on a ${name} screen and asks nobody else`,
      () =>
        withPage({ snapshot: healthySnapshot(), size, dark }, async (page) => {
          assert.equal(await page.textContent(".overall"), "All 4 workloads are healthy");
          assert.equal(await page.locator("[id^=workload-]").count(), 4);
          await shoot(page, `healthy-${name}`);
          await noSideways(page);
        }),
      LOOSE,
    );
    await testNeeding(
      ["browser"],
      `the page shows what the owner and git hold back on a ${name} screen`,
      () =>
        withPage({ snapshot: guardedSnapshot(), size, dark }, async (page) => {
          assert.equal(await page.textContent(".overall"), "2 of 4 need attention");
          const text = await page.textContent("#live") ?? "";
          const parts = [
            "until 2026-11-21 16:30 UTC",
            "allow_root = true",
            "is delayed until",
            "signed by ada",
            "age195",
          ];
          const own = ['does not allow version "0.2.0"', "daemon_versions", "it was set aside"];
          for (const part of [...parts, ...own, "Could not be told", "maintenance window"]) {
            assert.ok(text.includes(part), part);
          }
          await shoot(page, `guarded-${name}`);
          await noSideways(page);
        }),
      LOOSE,
    );
    await testNeeding(
      ["browser"],
      `the page shows what is wrong on a ${name} screen`,
      () =>
        withPage({ snapshot: troubledSnapshot(), size, dark }, async (page) => {
          assert.equal(await page.textContent(".overall"), "3 of 4 need attention");
          const text = await page.textContent("#live") ?? "";
          for (
            const part of ["services/camera.toml:4:16", "Hint:", "docker_unavailable", "auth_failed", "prune --confirm"]
          ) {
            assert.ok(text.includes(part), part);
          }
          await shoot(page, `troubled-${name}`);
          await noSideways(page);
        }),
      LOOSE,
    );
  }
}

for (const size of ["phone", "desktop"] as const) {
  for (const dark of [false, true]) {
    const name = `${size}-${dark ? "dark" : "light"}`;
    await testNeeding(
      ["browser"],
      `the page shows runs, warnings, use and last lines on a ${name} screen`,
      () =>
        withPage({ snapshot: jobSnapshot(), size, dark }, async (page) => {
          assert.equal(await page.textContent(".overall"), "1 of 4 needs attention");
          assert.equal(await page.textContent("#workload-recorder .facts .warn"), "2 warnings");
          await shoot(page, `jobs-${name}`);
          for (
            const [workload, section, text] of [
              ["backup", '[aria-label="Runs"]', "due in 19 h"],
              ["recorder", '[aria-label="Warnings"]', "limit_not_enforced"],
              ["recorder", "#live", "Mode native: docker does not answer"],
              ["radio", '[aria-label="Last lines"]', "error: no such device"],
            ] as const
          ) {
            await page.click(`#link-${workload}`);
            const shown = await page.textContent(section) ?? "";
            assert.ok(shown.includes(text), shown);
            await shoot(page, `detail-${workload}-${name}`);
            await noSideways(page);
            await page.click("#back");
          }
        }),
      LOOSE,
    );
    await testNeeding(
      ["browser"],
      `the page tells of a rollout that was taken back, and of its last words, on a ${name} screen`,
      () =>
        withPage(
          { snapshot: { ...healthySnapshot(), workloads: [rolledBackWorkload()] }, size, dark },
          async (page) => {
            assert.equal(await page.textContent(".overall"), "1 of 1 needs attention");
            await page.click("#link-door");
            const shown = await page.textContent('[aria-label="Rollouts"]') ?? "";
            for (const part of ["rolled-back 7c1e0aa", "which runs", "connection refused", "HTTP 503"]) {
              assert.ok(shown.includes(part), shown);
            }
            await shoot(page, `rolled-back-${name}`);
            await noSideways(page);
          },
        ),
      LOOSE,
    );
    await testNeeding(
      ["browser"],
      `the page draws what each instance uses on a ${name} screen, and says it in words`,
      () =>
        withPage({ snapshot: healthySnapshot(), size, dark }, async (page) => {
          await page.click("#link-web");
          assert.equal(await page.locator(".use svg").count(), 6);
          const words = await page.locator(".use svg").first().getAttribute("aria-label") ?? "";
          assert.match(words, /^CPU of slot 0 over the last 10 minutes: now [\d.]+ %, between [\d.]+ % and [\d.]+ %$/);
          assert.equal(
            await page.locator(".use").nth(1).locator("path.line").count(),
            3,
            "a restart parts the CPU line",
          );
          await shoot(page, `use-${name}`);
          await noSideways(page);
        }),
      LOOSE,
    );
  }
}

await testNeeding(
  ["browser"],
  "the page follows the device without a reload, and keeps what was opened",
  () =>
    withPage({ snapshot: healthySnapshot() }, async (page, server) => {
      await page.evaluate("globalThis.notReloaded = true");
      await page.click("#deliveries summary");
      const next = healthySnapshot();
      server.change({ ...next, workloads: [...next.workloads, workload("zigbee")] });
      await page.waitForSelector("#workload-zigbee");
      assert.equal(await page.textContent(".overall"), "All 5 workloads are healthy");
      assert.equal(await page.evaluate("globalThis.notReloaded"), true);
      assert.equal(await page.locator("#deliveries").getAttribute("open"), "");
    }),
  LOOSE,
);

await testNeeding(
  ["browser"],
  "the page works with script off, down to one workload's output",
  () =>
    withPage({ snapshot: healthySnapshot(), script: false }, async (page) => {
      assert.equal(await page.textContent(".overall"), "All 4 workloads are healthy");
      await page.click("#link-camera");
      assert.equal(await page.textContent("h1"), "camera");
      assert.equal(await page.textContent("pre.log"), "listening on 8554");
      await shoot(page, "detail");
    }),
  LOOSE,
);

async function shoot(page: Page, name: string): Promise<void> {
  if (await missing("browser") === null) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}

async function noSideways(page: Page): Promise<void> {
  const [wide, seen] = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]") as [number, number];
  assert.ok(wide <= seen, `${wide} px wide in a window of ${seen} px`);
}
