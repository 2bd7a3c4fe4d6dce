import assert from "node:assert/strict";
import { formatWorkload } from "../../../src/cli/format/format_workload.ts";
import type { RunStatus, WorkloadStatus } from "../../../src/model/snapshot.ts";
import { instance, workload } from "../../support/snapshots.ts";

const NOW = Date.parse("2026-05-01T12:00:00Z");

const INSTANCE = instance({
  pid: 7,
  started_at: "2026-05-01T09:30:00Z",
  restarts: 2,
  memory_bytes: 214_000_000,
});

const RECORDER = workload("recorder", {
  description: "Keeps what the camera sees",
  revision: "a".repeat(40),
  image: null,
  ports: ["8554/tcp"],
  instances: [INSTANCE],
});

const RUN: RunStatus = {
  due_at: "2026-05-01T03:00:00Z",
  started_at: "2026-05-01T03:00:01Z",
  ended_at: "2026-05-01T03:00:43Z",
  exit_code: 0,
  outcome: "succeeded",
};

Deno.test("one workload with a choice of modes says which it takes, and why", () => {
  const text = formatWorkload(
    { ...RECORDER, mode: { chosen: "native", reason: "the settings switch docker off" } },
    NOW,
  );
  assert.match(text, /\n {2}running: runs\n {2}mode native: the settings switch docker off\n/);
});

Deno.test("one workload in full: instances with what they use, warnings and health checks", () => {
  const text = formatWorkload({
    ...RECORDER,
    mode: { chosen: "native", reason: "docker does not answer" },
    warnings: [{ reason: "limit_not_enforced", message: "memory is not limited to 256Mi" }],
    probes: [{ at: "2026-05-01T11:59:50Z", ok: true, duration_ms: 3, output: "200 OK\nwell\n" }],
  }, NOW);
  assert.equal(
    text,
    [
      "recorder  service, native, revision aaaaaaa, fingerprint 9b1f0c22aa01e7d4",
      "  Keeps what the camera sees",
      "  running, healthy, synced",
      "  running: runs",
      "  warning: limit_not_enforced: memory is not limited to 256Mi",
      "  mode native: docker does not answer",
      "  ports: 8554/tcp",
      "",
      "instances",
      "  SLOT  PHASE    HEALTH   WHO    UP   CPU    MEM     RESTARTS  EXIT",
      "  0     running  healthy  pid 7  2 h  1.5 %  214 MB  2         -",
      "",
      "health checks",
      "  10 s ago passed in 3 ms: 200 OK / well",
    ].join("\n"),
  );
});

Deno.test("a deployment in full names its image, and what that is in its registry", () => {
  const [id, digest] = [`sha256:${"1".repeat(64)}`, `sha256:${"2".repeat(64)}`];
  const line = (image: WorkloadStatus["image"]) =>
    formatWorkload({ ...RECORDER, image }, NOW).split("\n").find((one) => one.startsWith("  image"));
  assert.equal(line({ reference: "web:1", id, digest }), `  image: web:1, digest ${digest}`);
  assert.equal(line({ reference: `web:1@${digest}`, id, digest }), `  image: web:1@${digest}`);
  assert.equal(line({ reference: "web:1", id, digest: null }), `  image: web:1, id ${id}, from no registry`);
  assert.equal(line({ reference: "web:1", id: null, digest: null }), "  image: web:1");
  assert.equal(line(null), undefined);
});

Deno.test("a job in full: its runs, newest first, and when the next one is due", () => {
  const text = formatWorkload({
    ...RECORDER,
    name: "backup",
    description: "",
    phase: "completed",
    reason: "completed",
    message: "the last run succeeded",
    ports: [],
    instances: [],
    runs: [
      { ...RUN, due_at: "2026-04-29T03:00:00Z", exit_code: null, started_at: null, ended_at: null, outcome: "skipped" },
      { ...RUN, due_at: "2026-04-30T03:00:00Z", exit_code: 1, outcome: "failed" },
      RUN,
      { ...RUN, started_at: "2026-05-01T11:00:00Z", ended_at: null, exit_code: null, outcome: "running" },
    ],
    next_run_at: "2026-05-02T03:00:00Z",
  }, NOW);
  assert.equal(
    text,
    [
      "backup  job, native, revision aaaaaaa, fingerprint 9b1f0c22aa01e7d4",
      "  completed, healthy, synced",
      "  completed: the last run succeeded",
      "",
      "runs",
      "  the next one is due in 15 h",
      "  DUE      OUTCOME    TOOK  EXIT",
      "  9 h ago  running    1 h   -",
      "  9 h ago  succeeded  42 s  0",
      "  1 d ago  failed     42 s  1",
      "  2 d ago  skipped    -     -",
    ].join("\n"),
  );
});

Deno.test("a failed workload in full ends with its last lines", () => {
  const text = formatWorkload({
    ...RECORDER,
    phase: "failed",
    health: "unknown",
    instances: [{ ...INSTANCE, pid: null, phase: "failed", exit_code: 3, cpu_percent: null, memory_bytes: null }],
    last_lines: ["opening", "", "giving up"],
  }, NOW);
  assert.match(text, /\n {2}failed, health unknown, synced\n/);
  assert.match(text, /\n {2}0 +failed +healthy +- +- +- +- +2 +3\n/);
  assert.ok(text.endsWith("\nlast lines\n  opening\n\n  giving up"));
});
