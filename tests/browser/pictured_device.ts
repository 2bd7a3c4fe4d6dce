/** The device in the README's picture: the examples on a Raspberry Pi, and a push that was taken back. */
import { createPageApp } from "../../src/http/page_app.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { webhookOnPaper } from "../http/test_app.ts";
import { healthySnapshot, instance, usageSeries, workload } from "../support/snapshots.ts";

const CONTAINER = "b78bd0b504291c0f5be3a1d2c4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f607";
const PUSHED = "c0ffee1d5a2b3c4d5e6f708192a3b4c5d6e7f809";
const BEFORE = "4f2c91a7d0b3e6f8a1c2d3e4f5a6b7c8d9e0f1a2";
const before = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
const container = (pid: number, cpu_percent: number, memory_bytes: number) =>
  instance({ container_id: CONTAINER.slice(pid % 9), pid, cpu_percent, memory_bytes, started_at: before(432_000) });
const process = (pid: number, cpu_percent: number, memory_bytes: number) =>
  instance({ pid, cpu_percent, memory_bytes, started_at: before(172_000) });

export function picturedSnapshot(): Snapshot {
  const healthy = healthySnapshot();
  const failed = "was not healthy within 20s: it answers no";
  return {
    ...healthy,
    source: {
      ...healthy.source,
      seen: PUSHED,
      attempted: PUSHED,
      applied: PUSHED,
      planned: PUSHED,
      subject: "The door says no at night",
      last_sync_at: before(9),
    },
    workloads: [
      workload("db", {
        kind: "deployment",
        runtime: "docker",
        description: "PostgreSQL, reached by its Unix socket alone",
        instances: [container(3120, 0.8, 71_300_000)],
      }),
      workload("door", {
        description: "Answers yes, and is well as long as it does",
        sync: "out-of-sync",
        phase: "rolled-back",
        reason: "rolled_back",
        message: `7c1e0aa ${failed}; 9b1f0c2 of revision 4f2c91a runs in its place`,
        hint: "push a change of it; what is refused is not tried again",
        refused: {
          fingerprint: "7c1e0aa911c0ffee",
          target: "9b1f0c22aa01e7d4",
          by: "health",
          at: before(62),
          message: failed,
        },
        revision: BEFORE,
        instances: [{ ...process(4310, 0.1, 1_900_000), started_at: before(61) }],
      }),
      workload("station", {
        description: "Measures, and answers with the reading",
        ports: ["8090/tcp"],
        instances: [process(2417, 1.5, 12_582_912)],
      }),
      workload("web", {
        kind: "deployment",
        runtime: "docker",
        description: "nginx with its configuration and its pages from git",
        ports: ["0.0.0.0:8080->80/tcp"],
        instances: [container(3121, 0.2, 9_800_000)],
      }),
    ],
    not_selected: [],
    deliveries: [],
    events: [
      event(120, null, "created", 'revision c0ffee1 "The door says no at night" asks for 4 workloads'),
      event(119, "door", "spec_changed", "started door[0]: env.ANSWER changed"),
      event(62, "door", "rolled_back", `door ${failed}`),
      event(61, "door", "rolled_back", "started door[0]: back to 9b1f0c2"),
    ],
  };
}

function event(
  seconds: number,
  workload: string | null,
  reason: Snapshot["events"][number]["reason"],
  message: string,
) {
  return { at: before(seconds), workload, reason, message };
}

/** The page of it. */
export function picturedApp() {
  return createPageApp({
    snapshot: picturedSnapshot,
    subscribe: () => () => {},
    usage: () => usageSeries(),
    logs: async function* () {},
    webhook: webhookOnPaper(),
    ready: () => ({ ok: true, message: "ready" }),
  });
}

/** What the page is made of, whatever the time: its elements with their classes, and its words. */
export async function outlineOf(html: string): Promise<string> {
  const shape = html.slice(html.indexOf("<main"), html.indexOf("</main>"))
    .replace(/<time[^]*?<\/time>/g, "<time>").replace(/ (?:datetime|title|href|d|points)="[^"]*"/g, "");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(shape));
  return new Uint8Array(digest).toHex().slice(0, 32);
}
