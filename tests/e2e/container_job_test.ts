/** Jobs that run in containers: schedules, what overlaps, what takes too long, what failed, and what was missed. */
import assert from "node:assert/strict";
import type { RunStatus } from "../../src/model/snapshot.ts";
import type { ListedContainer } from "../../src/runtime/docker/api_types.ts";
import { busyboxImage, dockerCall } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice } from "../support/repo_backed_device.ts";

const NEEDS = ["git", "docker", "busybox"] as const;
const EACH_SECOND = 'schedule = "* * * * * *"\n';

/** A device with one deployment for each of these scripts; the rest of its manifest follows the script. */
async function jobs(files: Record<string, { script: string; more: string }>) {
  await using stack = new AsyncDisposableStack();
  const image = stack.use(await busyboxImage());
  const here = stack.use(await pushedDevice({}, { extra: [] }));
  const text = ({ script, more }: { script: string; more: string }) =>
    `image = "${image.name}"\ncommand = ${JSON.stringify(["/bin/sh", "-c", script])}\nstop_timeout = "100ms"\n${more}`;
  for (const [name, one] of Object.entries(files)) await here.repository.write(`deployments/${name}.toml`, text(one));
  await here.repository.commit("Jobs");
  const owned = stack.move();
  return { ...here, text, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const count = (runs: readonly RunStatus[], outcome: RunStatus["outcome"]) =>
  runs.filter((run) => run.outcome === outcome).length;

/** No two of them at the same time. */
function assertApart(runs: readonly RunStatus[]): void {
  const took = runs.filter((run) => run.started_at !== null);
  for (const [index, { started_at: start }] of took.entries()) {
    const before = took[index - 1];
    if (before !== undefined) assert.ok(before.ended_at! <= start!, JSON.stringify(runs));
  }
}

await testNeeding([...NEEDS], "a schedule runs its container when it is due, with each exit code", async () => {
  await using here = await jobs({
    good: { script: "echo done", more: EACH_SECOND },
    bad: { script: "exit 4", more: `${EACH_SECOND}restart = "never"\n` },
  });
  const good = await here.device.until(
    "good",
    (workload) => workload.runs.filter((run) => run.outcome === "succeeded").length >= 3,
  );
  assertApart(good.runs);
  assert.ok(good.next_run_at !== null);
  const bad = await here.device.until(
    "bad",
    (workload) => workload.runs.filter((run) => run.outcome === "failed").length >= 3,
  );
  const ended = bad.runs.filter((run) => run.outcome === "failed");
  assert.ok(ended.every((run) => run.exit_code === 4), JSON.stringify(ended));
  const due = ended.map((run) => run.due_at);
  assert.equal(new Set(due).size, due.length);
  assert.ok((await here.device.cli("logs", "good")).out.includes("done"));
});

await testNeeding([...NEEDS], "a container that still runs when it is due again goes on, or is replaced", async () => {
  await using here = await jobs({
    skip: { script: "sleep 2.5", more: EACH_SECOND },
    replace: { script: "exec sleep 60", more: `${EACH_SECOND}overlap = "replace"\n` },
  });
  const skip = await here.device.until("skip", (workload) => {
    return workload.runs.some((run) => run.outcome === "skipped") &&
      workload.runs.some((run) => run.outcome === "succeeded");
  });
  assert.equal(count(skip.runs, "failed") + count(skip.runs, "replaced"), 0);
  const replace = await here.device.until(
    "replace",
    (workload) => workload.runs.filter((run) => run.outcome === "replaced").length >= 2,
  );
  assertApart(replace.runs);
  assert.equal(count(replace.runs, "failed"), 0);
});

await testNeeding([...NEEDS], "a container that takes too long is stopped, and its run was a timeout", async () => {
  await using here = await jobs({
    late: { script: "exec sleep 60", more: 'type = "job"\ntimeout = "300ms"\nrestart = "never"\n' },
  });
  const late = await here.device.until("late", (workload) => workload.runs.some((run) => run.outcome === "timeout"));
  assert.equal(late.instances[0]?.pid, null);
});

await testNeeding(
  [...NEEDS],
  "a container that failed is run again as its restart policy says, to its limit",
  async () => {
    const limit = 'restart = { policy = "on-failure", delay = "50ms", max_delay = "50ms", max_restarts = 2 }\n';
    await using here = await jobs({ retry: { script: "exit 5", more: `type = "job"\n${limit}` } });
    const retry = await here.device.until(
      "retry",
      (workload) => workload.phase === "failed" && workload.runs.length === 3,
    );
    assert.deepEqual(retry.runs.map((run) => [run.outcome, run.exit_code]), [["failed", 5], ["failed", 5], [
      "failed",
      5,
    ]]);
  },
);

await testNeeding([...NEEDS], "what was due while no daemon was there is one run, or none", async () => {
  await using here = await jobs({
    once: { script: "true", more: 'schedule = "*/2 * * * * *"\n' },
    none: { script: "true", more: 'schedule = "*/2 * * * * *"\nmissed = "skip"\n' },
  });
  const { device } = here;
  for (const name of ["once", "none"]) {
    await device.until(name, (workload) => workload.runs.length >= 1 && workload.phase !== "running");
  }
  await device.killDaemon();
  const down = new Date();
  await eventually("they were due three times", () => Date.now() > down.getTime() + 6500);
  const up = new Date().toISOString();
  await device.startDaemon();
  for (const name of ["once", "none"]) {
    const { runs } = await device.until(name, (workload) => workload.runs.at(-1)!.due_at > up);
    const missed = runs.filter((run) => run.due_at > down.toISOString() && run.due_at < up);
    assert.ok(missed.length <= 1, JSON.stringify(runs));
    assert.ok(missed.every((run) => (run.outcome === "skipped") === (name === "none")), JSON.stringify(runs));
  }
});

await testNeeding(
  [...NEEDS],
  "a container's job runs once for each change, and not again for a new daemon",
  async () => {
    await using here = await jobs({ one: { script: "echo first", more: 'type = "job"\n' } });
    const { device, repository, text } = here;
    const done = await device.until("one", (workload) => workload.phase === "completed");
    assert.deepEqual(done.runs.map((run) => [run.outcome, run.exit_code]), [["succeeded", 0]]);
    const id = done.instances[0]!.container_id!;
    await device.killDaemon();
    await dockerCall(`/containers/${id}`, { method: "DELETE" });
    await device.startDaemon();
    await device.until("one", (workload) => workload.phase === "completed");
    await repository.write("deployments/one.toml", text({ script: "echo second", more: 'type = "job"\n' }));
    await repository.commit("Again");
    await device.until("one", (workload) => workload.runs.length === 2 && workload.phase === "completed");
    const filters = encodeURIComponent(
      JSON.stringify({ label: [`harbornode.workload=one`, `harbornode.device=${(await device.status())!.device.id}`] }),
    );
    const { text: listed } = await dockerCall(`/containers/json?all=1&filters=${filters}`);
    assert.equal((JSON.parse(listed) as ListedContainer[]).length, 1);
  },
);
