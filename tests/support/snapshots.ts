/** Statuses of a device as the page meets them: all well, and much wrong. */
import type { InstanceStatus, RunStatus, Snapshot, WorkloadStatus } from "../../src/model/snapshot.ts";
import type { UsageSeries } from "../../src/model/usage.ts";

const before = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
const REVISION = "4f2c91a7d0b3e6f8a1c2d3e4f5a6b7c8d9e0f1a2";

export function instance(fields: Partial<InstanceStatus> = {}): InstanceStatus {
  const running = { slot: 0, pid: 2417, container_id: null, phase: "running", health: "healthy" } as const;
  return {
    ...running,
    started_at: before(7300),
    restarts: 0,
    exit_code: null,
    cpu_percent: 1.5,
    memory_bytes: 12_582_912,
    ...fields,
  };
}

export function workload(name: string, fields: Partial<WorkloadStatus> = {}): WorkloadStatus {
  return {
    name,
    kind: "service",
    runtime: "native",
    mode: null,
    description: "",
    sync: "synced",
    phase: "running",
    health: "healthy",
    reason: "running",
    message: "runs",
    revision: REVISION,
    fingerprint: "9b1f0c22aa01e7d4",
    image: null,
    ports: [],
    instances: [instance()],
    problems: [],
    probes: [],
    rollout: null,
    refused: null,
    history: [],
    versions: [],
    warnings: [],
    hint: null,
    last_lines: [],
    override: null,
    runs: [],
    next_run_at: null,
    ...fields,
  };
}

/** Ten minutes of a program that works now and then; the second slot was started again four minutes ago. */
export function usageSeries(slots = 1): UsageSeries {
  const ages = Array.from({ length: 121 }, (_, index) => 600 - index * 5);
  const waves = ages.map((age) =>
    1.2 + Math.abs(Math.sin(age / 37)) + (age % 140 < 25 ? 9 * Math.sin(age % 140 / 8) : 0)
  );
  return {
    interval_s: 5,
    instances: Array.from({ length: slots }, (_, slot) => ({
      slot,
      at: ages.map((age) => before(age)),
      cpu_percent: ages.map((age, index) =>
        slot === 1 && age === 240 ? null : Math.max(0, Math.round(waves[(index + slot * 31) % 121]! * 10) / 10)
      ),
      memory_bytes: ages.map((age) => Math.round(12_582_912 + 3e4 * ((slot === 1 && age <= 240 ? 240 : 600) - age))),
    })),
  };
}

/** A run that was due so many hours ago. */
function run(hours: number, fields: Partial<RunStatus> = {}): RunStatus {
  const due = hours * 3600;
  return {
    due_at: before(due),
    started_at: before(due),
    ended_at: before(due - 94),
    exit_code: 0,
    outcome: "succeeded",
    ...fields,
  };
}

/** A job that went wrong once, and a service that runs in spite of what it lacks. */
export function jobSnapshot(): Snapshot {
  const healthy = healthySnapshot();
  return {
    ...healthy,
    workloads: [
      workload("backup", {
        description: "Copies the pictures away",
        phase: "completed",
        reason: "completed",
        message: "the last run succeeded; the next one is at 2026-05-02 03:00 UTC",
        instances: [],
        runs: [
          run(77),
          run(53, { exit_code: 1, outcome: "failed" }),
          run(29, { started_at: null, ended_at: null, exit_code: null, outcome: "skipped" }),
          run(5),
        ],
        next_run_at: before(-19 * 3600 - 60),
      }),
      workload("recorder", {
        mode: { chosen: "native", reason: "docker does not answer" },
        ports: ["8554/tcp"],
        instances: [instance({ cpu_percent: 61.3, memory_bytes: 214_000_000 })],
        warnings: [
          {
            reason: "limit_not_enforced",
            message: "memory is not limited to 256Mi: the kernel has its memory controller switched off",
          },
          { reason: "port_mismatch", message: "it listens on 8555/tcp, which it did not declare" },
        ],
      }),
      workload("radio", {
        phase: "failed",
        health: "unhealthy",
        reason: "restart_limit",
        message: "ended 5 times within 1m, the last time with exit code 3",
        instances: [
          instance({ pid: null, phase: "failed", restarts: 5, exit_code: 3, cpu_percent: null, memory_bytes: null }),
        ],
        last_lines: ["opening /dev/snd/pcm0", "error: no such device", "giving up"],
      }),
      workload("web", {
        phase: "pending",
        health: "unknown",
        reason: "dependency_not_ready",
        message: 'waits for "radio" to be healthy',
        instances: [],
      }),
    ],
  };
}

const CONTAINER = "b78bd0b504291c0f5be3a1d2c4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f607";

/** Four workloads, all healthy. */
export function healthySnapshot(): Snapshot {
  return {
    device: {
      name: "pi-kitchen",
      id: "5e010007ff8eb1dc",
      labels: { room: "kitchen", model: "pi4" },
      arch: "aarch64",
      uptime_s: 432_000,
      recipient: null,
      upgrade: null,
      state_set_aside: [],
      state_unsaved: null,
    },
    daemon: { version: "0.1.0", pid: 812, rss_bytes: 61_000_000, started_at: before(90_000) },
    source: {
      url: "https://git.example.org/home/fleet.git",
      branch: "main",
      ref: { type: "branch", name: "main" },
      path: "",
      sync: "synced",
      seen: REVISION,
      attempted: REVISION,
      applied: REVISION,
      healthy: REVISION,
      planned: REVISION,
      subject: "Brighter lamp at night",
      author: "Ada",
      signer: null,
      delayed: null,
      last_sync_at: before(12),
      progress: null,
      error: null,
    },
    runtimes: [],
    workloads: [
      workload("camera", { description: "Watches the door", ports: ["8554/tcp"] }),
      workload("lamp", { description: "Follows the sun" }),
      workload("mqtt", {
        kind: "deployment",
        runtime: "docker",
        ports: ["127.0.0.1:1883->1883/tcp"],
        instances: [instance({ container_id: CONTAINER, pid: 3120 })],
      }),
      workload("web", {
        kind: "deployment",
        runtime: "docker",
        description: "The front door",
        ports: ["80/tcp (not published)"],
        message: "3 instances run",
        instances: [0, 1, 2].map((slot) => instance({ slot, container_id: CONTAINER.slice(slot), pid: 3200 + slot })),
      }),
    ],
    pending_removal: null,
    not_selected: ["printer"],
    events: [
      {
        at: before(7400),
        workload: null,
        reason: "created",
        message: 'revision 4f2c91a "Brighter lamp at night" asks for 4 workloads',
      },
      { at: before(7300), workload: "lamp", reason: "spec_changed", message: "started lamp[0]: env.LEVEL changed" },
    ],
    notifications: [],
    deliveries: [
      {
        at: before(7401),
        forge: "github",
        event: "push",
        verdict: "accepted",
        id: "7f0c2a31",
        message: "the repository is looked at now",
      },
      {
        at: before(9000),
        forge: "github",
        event: "push",
        verdict: "ignored",
        id: "7f0c2a32",
        message: '"dev" is not followed, "main" is',
      },
    ],
  };
}

/** What was pushed did not become healthy, and what was healthy before runs again. */
export function rolledBackWorkload(): WorkloadStatus {
  const rollout = { revision: REVISION, lines: [], probes: [] };
  return workload("door", {
    sync: "out-of-sync",
    phase: "rolled-back",
    reason: "rolled_back",
    message:
      "7c1e0aa failed: was not healthy within 2m: door[0] is not known to be healthy; 9b1f0c2 of revision 4f2c91a runs in its place",
    hint: "push a change of it; what is refused is not tried again",
    refused: {
      fingerprint: "7c1e0aa911c0ffee",
      target: "9b1f0c22aa01e7d4",
      by: "health",
      at: before(300),
      message: "was not healthy within 2m: door[0] is not known to be healthy",
    },
    versions: ["1d00f1a955e70a41", "9b1f0c22aa01e7d4"],
    history: [
      {
        ...rollout,
        fingerprint: "9b1f0c22aa01e7d4",
        started_at: before(7300),
        ended_at: before(7290),
        outcome: "healthy",
        reason: "spec_changed",
        message: "env.LEVEL changed",
      },
      {
        ...rollout,
        fingerprint: "7c1e0aa911c0ffee",
        revision: "c0ffee0000000000000000000000000000000000",
        started_at: before(420),
        ended_at: before(300),
        outcome: "rolled-back",
        reason: "health_timeout",
        message: "was not healthy within 2m: door[0] is not known to be healthy",
        lines: ["opening the door", "cannot reach the bell: connection refused"],
        probes: [`${before(310)} failed: HTTP 503`],
      },
    ],
  });
}

/** A device whose owner has a word in everything: signed revisions, a policy, overrides, windows, secrets. */
export function guardedSnapshot(): Snapshot {
  const healthy = healthySnapshot();
  const pushed = { sync: "out-of-sync" } as const;
  return {
    ...healthy,
    device: {
      ...healthy.device,
      recipient: "age195gasphwzcgqhax3yemjuhzndfjcggqyhjmtsg7mumpunksn5sws3ta6zj",
      upgrade: {
        wanted: "0.2.0",
        state: "denied",
        reason: "policy_denied",
        message: 'the owner of this device does not allow version "0.2.0"',
        hint: 'daemon_versions = ["0.2.0"] below [policy] of config.toml would allow it',
        problems: [],
      },
      state_set_aside: [
        'HarborNode 0.3.0 wrote "/etc/harbornode/data/state/source.json" in format 2: it was set aside',
      ],
    },
    source: {
      ...healthy.source,
      sync: "delayed",
      signer: "ada@example.org",
      delayed: {
        revision: "c0ffee0000000000000000000000000000000000",
        reason: "revision_delayed",
        message: "Revision c0ffee0 is delayed until 2026-12-01 03:00 UTC, as its commit says",
        until: "2026-12-01T03:00:00.000Z",
      },
    },
    workloads: [
      workload("camera", {
        sync: "suspended",
        reason: "overridden",
        message: "git changes nothing of it until 2026-11-21 16:30 UTC",
        hint: 'run "harbornode resume camera" to let it follow git again',
        override: { action: "suspend", since: before(600), until: "2026-11-21T16:30:00.000Z" },
      }),
      workload("lamp", {
        ...pushed,
        reason: "policy_denied",
        message: 'user: the owner of this device does not allow "root"; it stays as revision 4f2c91a has it',
        hint: "leave it out, or set allow_root = true in [policy] of config.toml",
      }),
      workload("mail", {
        ...pushed,
        phase: "blocked",
        health: "unknown",
        reason: "secret_unresolved",
        message: 'the secret "mail-password" is not encrypted to this device',
        hint: "encrypt it to age195gasph... as well",
        instances: [],
      }),
      workload("web", {
        ...pushed,
        reason: "outside_window",
        message:
          "a change waits for the maintenance window, which opens at 2026-11-22 03:00 UTC; it stays as revision 4f2c91a has it",
        hint: '"harbornode sync --force" does not wait for it',
      }),
    ],
    notifications: [{ name: "ops", waiting: 2, lost: 0, sent_at: null, error: "answered 503: try later" }],
  };
}

/** A device on which much is wrong at once. */
export function troubledSnapshot(): Snapshot {
  const healthy = healthySnapshot();
  return {
    ...healthy,
    source: {
      ...healthy.source,
      sync: "failed",
      attempted: "c0ffee0000000000000000000000000000000000",
      error: {
        reason: "auth_failed",
        message: "https://git.example.org/home/fleet.git refused the credentials (401)",
        hint: "put a token that can read this repository into token_file",
        transient: false,
      },
    },
    pending_removal: { names: ["printer", "scanner", "fax"], message: "the revision removes 3 of 6 workloads" },
    workloads: [
      workload("camera", {
        sync: "out-of-sync",
        phase: "invalid",
        reason: "invalid_manifest",
        message: "services/camera.toml has 2 problems; it stays as revision 4f2c91a has it",
        problems: [
          {
            file: "services/camera.toml",
            line: 1,
            column: 1,
            field: "comand",
            message: 'there is no field named "comand"',
            hint: 'did you mean "command"?',
          },
          {
            file: "services/camera.toml",
            line: 4,
            column: 16,
            field: "stop_timeout",
            message: '30 has no unit, wanted a duration like "10s", "1m30s" or "500ms"',
            hint: 'write "30s" for seconds',
          },
        ],
      }),
      workload("lamp", {
        phase: "backoff",
        health: "unhealthy",
        reason: "crash_loop",
        message: "ended with exit code 137 (killed by signal 9); it will be started again",
        instances: [instance({ pid: null, phase: "backoff", health: "unhealthy", restarts: 14, exit_code: 137 })],
      }),
      workload("mqtt", {
        kind: "deployment",
        runtime: "docker",
        sync: "unknown",
        phase: "blocked",
        health: "unknown",
        reason: "docker_unavailable",
        message: 'Docker does not answer on "/var/run/docker.sock"',
        instances: [],
      }),
      workload("web", {
        sync: "out-of-sync",
        phase: "pending",
        health: "unknown",
        reason: "starting",
        message: "pulling nginx:1.27: 12.4 of 68.0 MB",
        instances: [],
      }),
    ],
  };
}
