import assert from "node:assert/strict";
import type { Snapshot, WorkloadStatus } from "../../../src/model/snapshot.ts";
import { formatAgo, formatStatus } from "../../../src/cli/format/format_status.ts";
import { instance, workload } from "../../support/snapshots.ts";

const NOW = Date.parse("2026-05-01T12:00:00Z");

const WEB = workload("web", {
  revision: "a".repeat(40),
  ports: ["8080/tcp"],
  instances: [instance({ pid: 7, started_at: "2026-05-01T11:00:00Z" })],
});

function snapshot(detail: Partial<Snapshot> & { source?: never } = {}): Snapshot {
  return {
    device: {
      name: "pi-kitchen",
      id: "0",
      labels: { room: "kitchen" },
      arch: "aarch64",
      uptime_s: 1,
      upgrade: null,
      state_set_aside: [],
      state_unsaved: null,
      recipient: null,
    },
    daemon: { version: "1", pid: 1, rss_bytes: 1, started_at: "2026-05-01T11:00:00Z" },
    source: {
      url: "https://git.example.org/fleet.git",
      branch: "main",
      ref: { type: "branch", name: "main" },
      path: ".",
      sync: "synced",
      seen: "a".repeat(40),
      attempted: "a".repeat(40),
      applied: "a".repeat(40),
      healthy: "a".repeat(40),
      planned: "a".repeat(40),
      subject: "Begin",
      author: "me",
      signer: null,
      delayed: null,
      last_sync_at: "2026-05-01T11:59:48Z",
      progress: null,
      error: null,
    },
    runtimes: [],
    workloads: [WEB],
    pending_removal: null,
    not_selected: [],
    events: [],
    deliveries: [],
    notifications: [],
    ...detail,
  };
}

Deno.test("status shows a healthy device in a line for each workload", () => {
  assert.equal(
    formatStatus(snapshot(), NOW),
    [
      "pi-kitchen  room=kitchen",
      "https://git.example.org/fleet.git main, looked at 12 s ago",
      'applied aaaaaaa "Begin"',
      "",
      "NAME  PHASE    HEALTH   SYNC    CPU    MEM    UP      PORTS",
      "web   running  healthy  synced  1.5 %  13 MB  1 of 1  8080/tcp",
    ].join("\n"),
  );
});

Deno.test("status shows what is wrong with a manifest, and what an ended instance left", () => {
  const invalid: WorkloadStatus = {
    ...WEB,
    phase: "invalid",
    reason: "invalid_manifest",
    message: "services/web.toml has 1 problem; it stays as revision aaaaaaa has it",
    instances: [{ ...WEB.instances[0]!, pid: null, phase: "failed", exit_code: 7, restarts: 2 }],
    problems: [{
      file: "services/web.toml",
      line: 3,
      column: 1,
      field: "comand",
      message: 'there is no field named "comand"',
      hint: 'did you mean "command"?',
    }],
  };
  const text = formatStatus(snapshot({ workloads: [invalid] }), NOW);
  assert.match(text, /\[0\] failed, started 1 h ago, 2 restarts, exit code 7/);
  assert.match(
    text,
    /services\/web\.toml:3:1: comand: there is no field named "comand"\n {4}hint: did you mean "command"\?/,
  );
});

Deno.test("status says beside what could not be done what a person can do about it", () => {
  const blocked: WorkloadStatus = {
    ...WEB,
    phase: "blocked",
    reason: "port_conflict",
    message: 'port 8080/tcp is taken by "nginx" (pid 7)',
    hint: "stop that program, or give the workload another port",
    instances: [],
  };
  const lines = formatStatus(snapshot({ workloads: [blocked] }), NOW).split("\n").slice(-2);
  assert.deepEqual(lines, [
    '  port_conflict: port 8080/tcp is taken by "nginx" (pid 7)',
    "  hint: stop that program, or give the workload another port",
  ]);
});

Deno.test("status adds up what instances use, and says where it is not known", () => {
  const [one] = WEB.instances;
  const busy = { ...one!, cpu_percent: 98.6, memory_bytes: 1_500_000_000 };
  const workloads: WorkloadStatus[] = [
    { ...WEB, name: "busy", ports: [], instances: [busy, { ...busy, slot: 1 }] },
    { ...WEB, name: "new", ports: [], instances: [{ ...one!, cpu_percent: null, memory_bytes: null }] },
    { ...WEB, name: "idle", ports: [], instances: [{ ...one!, cpu_percent: 0, memory_bytes: 480_000 }] },
  ];
  const rows = formatStatus(snapshot({ workloads }), NOW).split("\n").filter((line) => line.includes(" of "));
  assert.deepEqual(rows, [
    "busy  running  healthy  synced  197 %  3.0 GB  2 of 2",
    "new   running  healthy  synced  -      -       1 of 1",
    "idle  running  healthy  synced  0 %    0.5 MB  1 of 1",
  ]);
});

Deno.test("status leaves out what is used where 80 columns have no room for it", () => {
  const wide = { ...WEB, name: "a-name-that-is-long", ports: ["127.0.0.1:8080->80/tcp"] };
  const text = formatStatus(snapshot({ workloads: [wide] }), NOW);
  assert.match(text, /^NAME +PHASE +HEALTH +SYNC +UP +PORTS$/m);
});

Deno.test("status shows warnings beside what runs in spite of them", () => {
  const warned: WorkloadStatus = {
    ...WEB,
    warnings: [{ reason: "port_mismatch", message: "it listens on 8081/tcp, which it did not declare" }],
  };
  const text = formatStatus(snapshot({ workloads: [warned] }), NOW);
  assert.match(text, /\n {2}warning: port_mismatch: it listens on 8081\/tcp, which it did not declare$/);
});

Deno.test("status says of what is unhealthy what its last health check answered", () => {
  const check = { at: "2026-05-01T11:59:59Z", ok: false, duration_ms: 4, output: "exit code 1: no\nsensor\n" };
  const sick: WorkloadStatus = {
    ...WEB,
    phase: "degraded",
    health: "unhealthy",
    reason: "unhealthy",
    message: "does not pass its health check",
    probes: [{ ...check, ok: true }, check],
  };
  assert.match(
    formatStatus(snapshot({ workloads: [sick] }), NOW),
    /\n {2}unhealthy: does not pass its health check\n {2}last health check: exit code 1: no \/ sensor$/,
  );
});

Deno.test("status counts no instance of a job between its runs", () => {
  const [one] = WEB.instances;
  const nightly: WorkloadStatus = {
    ...WEB,
    phase: "completed",
    reason: "completed",
    message: "the last run succeeded",
    ports: [],
    instances: [{ ...one!, pid: null, phase: "completed", exit_code: 0, cpu_percent: null, memory_bytes: null }],
    next_run_at: "2026-05-02T03:00:00Z",
  };
  const lines = formatStatus(snapshot({ workloads: [nightly] }), NOW).split("\n");
  assert.deepEqual(lines.slice(-2), [
    "web   completed  healthy  synced  -    -    -",
    "  completed: the last run succeeded",
  ]);
});

Deno.test("status says that nothing is asked for, and that a removal waits", () => {
  const pending = { names: ["db"], message: "the revision asks for no workload at all" };
  const text = formatStatus(snapshot({ workloads: [], pending_removal: pending }), NOW);
  assert.match(text, /no workload: the repository asks for none on this device/);
  assert.match(
    text,
    /! removal of db is pending: the revision asks for no workload at all\n {2}hint: .*prune --confirm/,
  );
});

Deno.test("status says for a day that a webhook was refused, and who could not be told", () => {
  const delivery = { id: "1", forge: "gitea", event: "push", verdict: "refused" as const, message: "no signature" };
  const deliveries = [
    { ...delivery, at: "2026-04-20T12:00:00Z" },
    { ...delivery, at: "2026-05-01T11:00:00Z" },
    { ...delivery, at: "2026-05-01T11:58:00Z" },
  ];
  const well = { name: "phone", waiting: 0, lost: 0, sent_at: null, error: null };
  const notifications = [well, { ...well, name: "slack", waiting: 3, lost: 1, error: "answered 503" }];
  const text = formatStatus(snapshot({ deliveries, notifications }), NOW);
  assert.match(text, /\n! 2 webhook deliveries were refused, the last 2 min ago \(gitea\): no signature\n/);
  assert.match(text, /\n! slack could not be told \(3 waiting, 1 given up\): answered 503$/);
  assert.doesNotMatch(formatStatus(snapshot({ deliveries: deliveries.slice(0, 1), notifications: [well] }), NOW), /!/);
});

Deno.test("ago rounds to one unit", () => {
  const at = (seconds: number) => formatAgo(new Date(NOW - seconds * 1000).toISOString(), NOW);
  assert.deepEqual([0, 59, 60, 3599, 3600, 86_399, 86_400].map(at), [
    "0 s",
    "59 s",
    "1 min",
    "59 min",
    "1 h",
    "23 h",
    "1 d",
  ]);
});

Deno.test("a status says of HarborNode itself what is not as git asks, and nothing of what is", () => {
  const { device } = snapshot();
  const shown = (upgrade: Partial<NonNullable<Snapshot["device"]["upgrade"]>>, state_set_aside: string[] = []) =>
    formatStatus({
      ...snapshot(),
      device: {
        ...device,
        upgrade: {
          wanted: "0.2.0",
          state: "current",
          reason: null,
          message: "m",
          hint: null,
          problems: [],
          ...upgrade,
        },
        state_set_aside,
      },
    }, NOW).split("\n").slice(3, -3);
  assert.deepEqual(shown({}), []);
  assert.deepEqual(shown({ state: "downloading", message: "0.2.0, downloading: 4.0 MB of 40.0 MB" }), [
    "  harbornode: 0.2.0, downloading: 4.0 MB of 40.0 MB",
  ]);
  const message = "version 0.2.0 did not work here: it was not ready in time, and 0.1.0 runs again";
  assert.deepEqual(shown({ state: "refused", message, hint: "ask for another version" }, ["A file was set aside"]), [
    "! harbornode: version 0.2.0 did not work here: it was not ready in time, and",
    "    0.1.0 runs again",
    "  hint: ask for another version",
    "! A file was set aside",
  ]);
  const problems = [{ file: "harbornode.toml", line: 2, column: 1, field: "daemon.versoin", message: "there is none" }];
  assert.deepEqual(shown({ state: "invalid", message: "it has problems", problems }), [
    "! harbornode: it has problems",
    "    harbornode.toml:2:1: daemon.versoin: there is none",
  ]);
});
