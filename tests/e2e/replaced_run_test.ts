/** overlap = "replace": what a run whose place was taken leaves behind, in status, on the page, and over a dead daemon. */
import assert from "node:assert/strict";
import type { WorkloadStatus } from "../../src/model/snapshot.ts";
import { busyboxImage } from "../support/docker_image.ts";
import type { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, shell, SLEEP } from "../support/repo_backed_device.ts";

const REPLACED = 'schedule = "*/2 * * * * *"\noverlap = "replace"\n';
const replaced = (workload: WorkloadStatus) => workload.runs.filter((run) => run.outcome === "replaced");

/** After two of its runs were replaced: each ended by its stop, before the next one began, and nobody counts it as a failure. */
async function claim(device: TestDevice, name: string, exitCode: number): Promise<void> {
  const status = await device.until(name, (workload) => replaced(workload).length >= 2);
  assert.deepEqual(status.runs.filter((run) => !["replaced", "running"].includes(run.outcome)), []);
  assert.deepEqual(replaced(status).map((run) => run.exit_code), replaced(status).map(() => exitCode));
  for (const [index, run] of status.runs.entries()) {
    const next = status.runs[index + 1];
    if (next !== undefined) assert.ok(run.ended_at! <= next.started_at!, JSON.stringify(status.runs));
  }
  const { out } = await device.cli("status", name);
  assert.match(out, new RegExp(`^ {2}\\d+ s ago +replaced +\\d+\\.\\d s +${exitCode}$`, "m"));
  const page = await (await fetch(`http://127.0.0.1:${device.port}/workloads/${name}`)).text();
  assert.match(page, new RegExp(`>replaced</span></td><td>[^<]*</td><td>${exitCode}</td>`));
}

await testNeeding(
  ["git"],
  "a run whose place is taken is replaced, with the exit code that its stop gave",
  async () => {
    await using here = await pushedDevice({
      "polite.toml": shell("trap 'exit 7' TERM; while :; do sleep 0.05; done") + REPLACED,
      "killed.toml": shell("exec sleep 60") + REPLACED,
    });
    await claim(here.device, "polite", 7);
    await claim(here.device, "killed", 143);
  },
);

await testNeeding(
  ["git", "docker"],
  "a container whose place is taken by the next run is replaced in the same way",
  async () => {
    await using image = await busyboxImage();
    await using here = await pushedDevice({}, { extra: [] });
    const script = ["/bin/sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"];
    const text = `image = "${image.name}"\ncommand = ${JSON.stringify(script)}\ntype = "job"\n${REPLACED}`;
    await here.repository.write("deployments/boxed.toml", text);
    await here.repository.commit("A container");
    await claim(here.device, "boxed", 7);
  },
);

await testNeeding(
  ["git"],
  "a run that a push replaces is replaced, also when the daemon dies before its end",
  async () => {
    // A second to die in, between the signal and the end.
    const slow = `${
      shell("trap 'sleep 1; exit 7' TERM; echo ready; while :; do sleep 0.05; done")
    }type = "job"\noverlap = "replace"\n`;
    await using here = await pushedDevice({ "one.toml": slow });
    const { device, repository } = here;
    await device.until("one", (workload) => workload.phase === "running");
    await eventually("it has set its trap", async () => (await device.cli("logs", "one")).out.includes("ready"));
    await repository.write("services/one.toml", `${SLEEP}type = "job"\noverlap = "replace"\n`);
    await repository.commit("Another one");
    await device.until("one", (workload) => workload.instances[0]?.phase === "stopping");
    await device.killDaemon();
    await device.startDaemon();
    const after = await device.until("one", (workload) => workload.runs.length === 2 && workload.phase === "running");
    assert.deepEqual(after.runs.map((run) => [run.outcome, run.exit_code]), [["replaced", 7], ["running", null]]);
  },
);
