/** The frame of every page. What is inside of #live is replaced as the device changes; without script it is simply there. */
import type { Child } from "hono/jsx";
import { html } from "hono/html";
import type { Snapshot } from "../src/model/snapshot.ts";
import { span } from "./time_ago.tsx";

export function Layout({ snapshot, title, children }: { snapshot: Snapshot; title: string; children: Child }) {
  const { daemon, device } = snapshot;
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/ui/style.css" />
        <noscript>
          <meta http-equiv="refresh" content="10" />
        </noscript>
        <script src="/ui/live.js" defer></script>
      </head>
      <body>
        <main id="main">
          <p id="lost" class="small" role="status" hidden>Connection to the device lost, trying again.</p>
          <div id="live">
            {children}
            <footer>
              <span>HarborNode {daemon.version}</span>
              <span>{device.arch}, up {span(device.uptime_s)}</span>
              <span>{Math.round(daemon.rss_bytes / 1_000_000)} MB of memory</span>
              <span>This page only reads</span>
            </footer>
          </div>
        </main>
      </body>
    </html>
  );
  return html`<!DOCTYPE html>${page}`;
}
