/** Is a container healthy: by the check of its image, or by the manifest's probe, and what follows when it is not. */
import assert from "node:assert/strict";
import { busyboxImage } from "../support/docker_image.ts";
import { inContainer } from "../support/docker_exec.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice } from "../support/repo_backed_device.ts";

const NEEDS = ["git", "docker", "busybox"] as const;
const CHECK =
  "HEALTHCHECK --interval=200ms --timeout=5s --retries=2 CMD test -e /tmp/well && echo fine || { echo ill; exit 3; }";
const WELL = ["/bin/sh", "-c", "touch /tmp/well; exec sleep 3600"];
const SERVE = ["/bin/sh", "-c", "mkdir /www; echo hello >/www/index.html; exec httpd -f -p 8080 -h /www"];

/** A device with a deployment of each of these: a command, and the rest of its manifest. */
async function deployments(files: Record<string, { command: string[]; more: string }>) {
  await using stack = new AsyncDisposableStack();
  const image = stack.use(await busyboxImage({ changes: [CHECK] }));
  const plain = stack.use(await busyboxImage());
  const here = stack.use(await pushedDevice({}, { extra: [] }));
  for (const [name, { command, more }] of Object.entries(files)) {
    const { name: reference } = command === WELL ? image : plain;
    const text = `image = "${reference}"\ncommand = ${JSON.stringify(command)}\nstop_timeout = "100ms"\n${more}`;
    await here.repository.write(`deployments/${name}.toml`, text);
  }
  await here.repository.commit("Containers");
  const owned = stack.move();
  return { ...here, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

await testNeeding([...NEEDS], "the check of an image is shown, and is followed as the manifest says", async () => {
  const of = (onFailure: string) => ({
    command: WELL,
    more: `health = { type = "image", on_failure = "${onFailure}" }\n`,
  });
  await using here = await deployments({
    unasked: { command: WELL, more: "" },
    restart: of("restart"),
    stop: of("stop"),
    alert: of("alert"),
    none: of("none"),
  });
  const { device } = here;
  const ids = new Map<string, string>();
  for (const name of ["unasked", "restart", "stop", "alert", "none"]) {
    const well = await device.until(name, (workload) => workload.health === "healthy" && workload.probes.length > 0);
    assert.deepEqual([well.probes.at(-1)?.ok, well.probes.at(-1)?.output], [true, "exit code 0: fine"]);
    ids.set(name, well.instances[0]!.container_id!);
  }
  for (const id of ids.values()) await inContainer(id, ["rm", "/tmp/well"]);
  for (const name of ["unasked", "alert", "none"]) {
    const ill = await device.until(name, (workload) => workload.health === "unhealthy");
    assert.deepEqual([ill.phase, ill.instances[0]?.container_id], ["degraded", ids.get(name)]);
    assert.equal(ill.probes.at(-1)?.output, "exit code 3: ill");
  }
  await device.until("restart", (workload) => workload.instances[0]?.restarts === 1 && workload.health === "healthy");
  const stopped = await device.until("stop", (workload) => workload.phase === "failed");
  assert.deepEqual([stopped.reason, stopped.instances[0]?.pid], ["unhealthy", null]);
  const events = (await device.status())!.events.map((event) => event.message);
  const told = (name: string) => events.includes(`${name}[0] does not pass its health check: exit code 3: ill`);
  assert.deepEqual(["unasked", "restart", "stop", "alert", "none"].map(told), [true, true, true, true, false]);
});

await testNeeding([...NEEDS], "a probe reaches a container by http and tcp, without a published port", async () => {
  const timing = 'interval = "200ms", retries = 2, on_failure = "alert"';
  await using here = await deployments({
    http: { command: SERVE, more: `health = { path = "/index.html", port = 8080, ${timing} }\n` },
    missing: { command: SERVE, more: `health = { path = "/nothing", port = 8080, ${timing} }\n` },
    tcp: { command: SERVE, more: `health = { port = 8080, ${timing} }\n` },
    closed: { command: SERVE, more: `health = { port = 8081, ${timing} }\n` },
  });
  for (const name of ["http", "tcp"]) await here.device.until(name, (workload) => workload.health === "healthy");
  const missing = await here.device.until("missing", (workload) => workload.health === "unhealthy");
  assert.match(missing.probes.at(-1)!.output, /404/);
  await here.device.until("closed", (workload) => workload.health === "unhealthy");
});
