import assert from "node:assert/strict";
import type { Snapshot, WorkloadStatus } from "../../src/model/snapshot.ts";
import { pendingMessages } from "../../src/notify/pending_messages.ts";
import { NOTIFY_EVENTS, type NotifyEvent } from "../../src/settings/settings.ts";
import type { SentMessage } from "../../src/store/notify_state.ts";
import { healthySnapshot, rolledBackWorkload, workload } from "../support/snapshots.ts";

const HOUR = 3_600_000;

/** Somebody who is told, with a clock that the test moves. */
class Listener {
  told: Record<string, SentMessage> = {};
  now = Date.UTC(2026, 5, 1);
  readonly events: readonly NotifyEvent[];
  readonly repeatIntervalMs: number | null;

  constructor({ events = NOTIFY_EVENTS, repeatIntervalMs = HOUR }: Partial<Listener> = {}) {
    this.events = events;
    this.repeatIntervalMs = repeatIntervalMs;
  }

  hears(snapshot: Snapshot, afterMs = 1000): string[] {
    this.now += afterMs;
    const found = pendingMessages({ snapshot, told: this.told, target: this, now: this.now });
    // As it is after a restart of the daemon.
    this.told = JSON.parse(JSON.stringify(found.told));
    return found.messages.map(({ event, workload, message }) => `${event} ${workload ?? ""}: ${message}`);
  }
}

function well(...workloads: WorkloadStatus[]): Snapshot {
  return { ...healthySnapshot(), workloads: workloads.length > 0 ? workloads : [workload("web")] };
}
const sick = (message = "HTTP 503") => workload("web", { health: "unhealthy", reason: "unhealthy", message });
const starting = workload("web", { phase: "starting", health: "unknown" });

function settled(options: Partial<Listener> = {}): Listener {
  const listener = new Listener(options);
  listener.hears(well());
  return listener;
}

Deno.test("somebody hears of a revision once it is healthy, and once", () => {
  const listener = new Listener();
  const [first, ...more] = listener.hears(well());
  assert.match(first!, /^revision_applied : revision 4f2c91a ".*" is applied/);
  assert.deepEqual(more, []);
  assert.deepEqual(listener.hears(well(), 100 * HOUR), []);
  const moving = well();
  moving.source = { ...moving.source, attempted: "b".repeat(40), planned: "b".repeat(40) };
  assert.deepEqual(listener.hears(moving), []);
  assert.deepEqual(new Listener().hears(moving), []);
});

Deno.test("somebody hears that a workload is unhealthy, once, again when it lasts, and when it is over", () => {
  const listener = settled();
  assert.deepEqual(listener.hears(well(sick())), ["unhealthy web: web is unhealthy: HTTP 503"]);
  assert.deepEqual(listener.hears(well(sick("HTTP 500"))), []);
  assert.deepEqual(listener.hears(well(sick()), HOUR), ["unhealthy web: web is unhealthy: HTTP 503"]);
  assert.deepEqual(listener.hears(well(starting)), [], "neither sick nor well yet");
  assert.deepEqual(listener.hears(well()), ["recovered web: web is well again"]);
  assert.deepEqual(listener.hears(well()), []);
});

Deno.test("somebody hears once of what comes and goes, and again when it stays", () => {
  const listener = settled();
  assert.equal(listener.hears(well(sick())).length, 1);
  assert.equal(listener.hears(well()).length, 1);
  for (let i = 0; i < 5; i++) {
    assert.deepEqual(listener.hears(well(sick())), []);
    assert.deepEqual(listener.hears(well()), []);
  }
  assert.deepEqual(listener.hears(well(sick())), []);
  assert.equal(listener.hears(well(sick()), HOUR).length, 1);
  assert.deepEqual(listener.hears(well()), ["recovered web: web is well again"]);
});

Deno.test("somebody who wants no repeats hears each thing once, as often as it begins", () => {
  const listener = settled({ repeatIntervalMs: null });
  assert.equal(listener.hears(well(sick())).length, 1);
  assert.deepEqual(listener.hears(well(sick()), 100 * HOUR), []);
  assert.equal(listener.hears(well()).length, 1);
  assert.equal(listener.hears(well(sick())).length, 1);
});

Deno.test("somebody hears nothing of the time before the first plan, and nothing twice over a restart", () => {
  const listener = settled();
  assert.equal(listener.hears(well(sick())).length, 1);
  const starts = well();
  starts.source = { ...starts.source, planned: null };
  starts.workloads = [];
  assert.deepEqual(listener.hears(starts), []);
  assert.deepEqual(listener.hears(well(sick())), []);
  assert.deepEqual(listener.hears(well()), ["recovered web: web is well again"]);
});

Deno.test("somebody hears of each thing that needs a person, in its own words", () => {
  const cases: [Snapshot, RegExp][] = [
    [well(rolledBackWorkload()), /^rolled_back door: door was rolled back: was not healthy within 2m/],
    [well(workload("web", { phase: "failed", message: "ended with exit code 7" })), /^unhealthy web: .*exit code 7/],
    [well(workload("web", { phase: "backoff", reason: "crash_loop", message: "again" })), /^unhealthy web/],
    [
      well(workload("web", { phase: "blocked", reason: "policy_denied", message: "root is not allowed" })),
      /^policy_denied web/,
    ],
    [
      { ...well(), pending_removal: { names: ["a", "b"], message: "2 of 2" } },
      /^removal_pending : removal of a, b is pending: 2 of 2/,
    ],
    [failing("auth_failed"), /^sync_failed : no$/],
    [failing("repo_invalid"), /^revision_failed : revision bbbbbbb failed: no; running/],
    [invalid(), /^revision_failed : revision bbbbbbb ".*" failed: web: web.toml has 2 problems; running/],
  ];
  for (const [snapshot, wanted] of cases) {
    const heard = settled().hears(snapshot);
    assert.equal(heard.length, 1, heard.join());
    assert.match(heard[0]!, wanted);
  }
  assert.deepEqual(settled().hears(failing("repo_unreachable")), []);
});

Deno.test("somebody hears that the repository can be read again", () => {
  const listener = settled();
  assert.equal(listener.hears(failing("auth_failed")).length, 1);
  assert.deepEqual(listener.hears(well()), ["recovered : the repository can be read again"]);
});

Deno.test("somebody hears what they want to hear, and of a workload that is gone nothing more", () => {
  const listener = settled({ events: ["unhealthy"] });
  assert.deepEqual(listener.hears(well(rolledBackWorkload())), []);
  assert.equal(listener.hears(well(sick())).length, 1);
  assert.deepEqual(listener.hears(well(workload("other"))), []);
  assert.deepEqual(listener.hears(well()), []);
  listener.hears(well(), 2 * HOUR);
  assert.deepEqual(listener.told, {}, "nothing is kept of what is over for long");
});

Deno.test("somebody hears again when the clock was set back by years", () => {
  const listener = settled();
  assert.equal(listener.hears(well(sick())).length, 1);
  assert.equal(listener.hears(well(sick()), -1000 * HOUR).length, 1);
});

function failing(reason: "auth_failed" | "repo_invalid" | "repo_unreachable"): Snapshot {
  const snapshot = well();
  const error = { reason, message: "no", hint: null, transient: false };
  return { ...snapshot, source: { ...snapshot.source, seen: "b".repeat(40), error } };
}

function invalid(): Snapshot {
  const snapshot = well(workload("web", { phase: "invalid", message: "web.toml has 2 problems" }));
  const next = "b".repeat(40);
  return { ...snapshot, source: { ...snapshot.source, seen: next, attempted: next, planned: next } };
}
