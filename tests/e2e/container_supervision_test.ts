/** Restarts, health and order where a container is one of those concerned. */
import assert from "node:assert/strict";
import { busyboxImage } from "../support/docker_image.ts";
import { inContainer } from "../support/docker_exec.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, shell, SLEEP } from "../support/repo_backed_device.ts";

const NEEDS = ["git", "docker"] as const;

const container = (image: string, script: string) =>
  `image = "${image}"\ncommand = ${JSON.stringify(["/bin/sh", "-c", script])}\nstop_timeout = "100ms"\n`;

await testNeeding([...NEEDS], "a container that becomes unhealthy is restarted, or stopped", async () => {
  await using image = await busyboxImage();
  await using here = await pushedDevice({}, { extra: [] });
  const { device, repository } = here;
  const health = (onFailure: string) =>
    `health = { command = ["/bin/sh", "-c", "echo look; test -e /tmp/well"], interval = "200ms", retries = 2, ` +
    `on_failure = "${onFailure}" }\n`;
  for (const name of ["restart", "stop"]) {
    const text = container(image.name, "touch /tmp/well; exec sleep 3600") + health(name);
    await repository.write(`deployments/${name}.toml`, text);
  }
  await repository.commit("Two containers");
  for (const name of ["restart", "stop"]) {
    const { instances } = await device.until(name, (workload) => workload.health === "healthy");
    await inContainer(instances[0]!.container_id!, ["rm", "/tmp/well"]);
  }
  await device.until(
    "restart",
    (workload) => (workload.instances[0]?.restarts ?? 0) >= 1 && workload.health === "healthy",
  );
  const stopped = await device.until("stop", (workload) => workload.phase === "failed");
  assert.deepEqual([stopped.reason, stopped.instances[0]?.pid], ["unhealthy", null]);
  const told = (await device.status())!.events.map((event) => event.message);
  assert.ok(told.includes("stop[0] does not pass its health check: exit code 1: look"), told.join("\n"));
});

await testNeeding(
  [...NEEDS],
  "a container that keeps ending has failed at its limit, with its last lines",
  async () => {
    await using image = await busyboxImage();
    await using here = await pushedDevice({}, { extra: [] });
    const { device, repository } = here;
    const limit = 'restart = { delay = "50ms", max_delay = "50ms", max_restarts = 2, window = "1h" }\n';
    const script = "i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo line $i; done; exit 4";
    await repository.write("deployments/web.toml", container(image.name, script) + limit);
    await repository.commit("A container that ends");
    const failed = await device.until(
      "web",
      (workload) => workload.phase === "failed" && workload.last_lines.length > 0,
    );
    assert.deepEqual([failed.reason, failed.instances[0]?.restarts, failed.instances[0]?.exit_code], [
      "restart_limit",
      2,
      4,
    ]);
    assert.deepEqual([failed.last_lines.length, failed.last_lines.at(-1)], [50, "line 60"]);
  },
);

await testNeeding([...NEEDS], "order holds between services and containers, in both directions", async () => {
  await using image = await busyboxImage();
  await using here = await pushedDevice({
    "a-web.toml": `${SLEEP}depends_on = ["b-api"]\n`,
    "c-setup.toml": `${shell("exit 7")}type = "job"\nrestart = { policy = "never", success_exit_codes = [7] }\n`,
  }, { extra: [] });
  const { device, repository } = here;
  const waiting = await device.until("a-web", (workload) => workload.phase === "invalid");
  assert.match(waiting.problems[0]!.message, /there is no workload "b-api"/);
  const api = `${
    container(image.name, "exec sleep 3600")
  }depends_on = [{ name = "c-setup", condition = "completed" }]\n`;
  await repository.write("deployments/b-api.toml", api);
  await repository.commit("All three");
  await device.until("a-web", (workload) => workload.phase === "running");
  const began = async (name: string) => (await device.workload(name))!.instances[0]!.started_at!;
  const times = [await began("c-setup"), await began("b-api"), await began("a-web")];
  assert.deepEqual(times, [...times].sort());
});
