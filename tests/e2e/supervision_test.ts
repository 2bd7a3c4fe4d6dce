/** What a manifest says of restarts, health, ports, order, jobs and files, from the push to what runs. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { freePort } from "../support/demo_daemon.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, shell, SLEEP } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";

const lines = async (path: string) => (await Deno.readTextFile(path).catch(() => "")).trim().split("\n");

await testNeeding(["git"], "a crash loop ends at its limit with its last lines, and restart begins anew", async () => {
  await using here = await pushedDevice({
    "web.toml": shell('i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo "line $i"; done; exit 3') +
      'restart = { delay = "50ms", max_delay = "50ms", max_restarts = 3, window = "1h" }\n',
  });
  const { device } = here;
  const failed = await device.until("web", (workload) => workload.phase === "failed" && workload.last_lines.length > 0);
  assert.equal(failed.reason, "restart_limit");
  assert.match(failed.message, /^ended with exit code 3; 3 restarts in 1h are the limit$/);
  assert.equal(failed.instances[0]?.restarts, 3);
  assert.deepEqual([failed.last_lines.length, failed.last_lines.at(-1)], [50, "line 60"]);
  assert.equal((await device.cli("restart", "web")).code, 0);
  await eventually("it was started again", async () => {
    const events = (await device.status())?.events ?? [];
    return events.some((event) => event.reason === "forced" && event.message.startsWith("started web[0]"));
  });
  await device.until("web", (workload) => workload.phase === "failed" && workload.instances[0]?.restarts === 3);
});

await testNeeding(
  ["git"],
  "the last lines of what failed are its own, and not those of what ran before it",
  async () => {
    await using here = await pushedDevice({ "web.toml": shell("echo of another time; exec sleep 3600") });
    const { device, repository } = here;
    await device.until("web", (workload) => workload.phase === "running");
    const lately = async () => (await device.cli("logs", "web", "--since", "1s")).out;
    await eventually("what it wrote is over a second old", async () => await lately() === "");
    await repository.write("services/web.toml", `${shell("echo going; exit 3")}restart = "never"\n`);
    await repository.commit("It fails");
    const failed = await device.until(
      "web",
      (workload) => workload.phase === "failed" && workload.last_lines.length > 0,
    );
    assert.deepEqual(failed.last_lines, ["going"]);
  },
);

await testNeeding(["git"], "a service that becomes unhealthy is restarted, stopped, or only told of", async () => {
  await using dir = await tempDir();
  const service = (name: string, onFailure: string) =>
    SLEEP + `health = { command = ["/bin/sh", "-c", "echo look; [ ! -e ${dir.path}/${name} ]"], interval = "100ms", ` +
    `retries = 2, on_failure = "${onFailure}" }\n`;
  const names = ["restart", "stop", "alert", "none"];
  await using here = await pushedDevice(Object.fromEntries(names.map((name) => [`${name}.toml`, service(name, name)])));
  const { device } = here;
  const pids = new Map<string, number>();
  for (const name of names) {
    pids.set(name, (await device.until(name, (workload) => workload.health === "healthy")).instances[0]!.pid!);
  }
  for (const name of names) await Deno.writeTextFile(join(dir.path, name), "");

  await device.until("restart", (workload) => (workload.instances[0]?.restarts ?? 0) >= 1);
  await Deno.remove(join(dir.path, "restart"));
  const again = await device.until("restart", (workload) => workload.health === "healthy");
  assert.notEqual(again.instances[0]?.pid, pids.get("restart"));

  const stopped = await device.until("stop", (workload) => workload.phase === "failed");
  assert.deepEqual([stopped.reason, stopped.instances[0]?.pid], ["unhealthy", null]);
  for (const name of ["alert", "none"]) {
    const left = await device.until(name, (workload) => workload.health === "unhealthy");
    assert.deepEqual([left.phase, left.instances[0]?.pid], ["degraded", pids.get(name)]);
  }
  const told = (await device.status())!.events.filter((event) =>
    event.message.includes("does not pass its health check:")
  );
  assert.ok(told.some((event) => event.workload === "alert" && event.message.endsWith(": exit code 1: look")));
  assert.ok(!told.some((event) => event.workload === "none"));
});

await testNeeding(
  ["git"],
  "a port that the device chose is kept over restarts of the service and of the daemon",
  async () => {
    const server =
      `python3 -c 'import http.server as h, sys; h.test(h.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind="127.0.0.1")' "$0"`;
    await using here = await pushedDevice({
      "web.toml": `command = ["/bin/sh", "-c", ${JSON.stringify(`[ "$PORT_HTTP" = "$0" ] && exec ${server}`)}, ` +
        '"${ports.http}"]\nuser = "root"\nreplicas = 2\nports = [{ name = "http", port = 0 }]\n' +
        'health = { path = "/", port = "http" }\n',
    });
    const { device } = here;
    const before = await device.until(
      "web",
      (workload) => workload.health === "healthy" && workload.instances.length === 2,
    );
    const ports = () => device.status().then((status) => status!.workloads[0]!.ports);
    const chosen = await ports();
    assert.equal(new Set(chosen).size, 2, chosen.join());
    for (const port of chosen) assert.match(port, /^2\d{4}\/tcp$/);
    await device.killDaemon();
    for (const instance of before.instances) Deno.kill(instance.pid!, "SIGKILL");
    await device.startDaemon();
    await device.until(
      "web",
      (workload) =>
        workload.health === "healthy" &&
        workload.instances.every((instance) =>
          instance.pid !== null && !before.instances.some((old) => old.pid === instance.pid)
        ),
    );
    assert.deepEqual(await ports(), chosen);
  },
);

await testNeeding(
  ["git"],
  "two services that want one port are told before anything starts, and one of them runs",
  async () => {
    const port = await freePort();
    const wants = `${SLEEP}ports = [${port}]\n`;
    await using here = await pushedDevice({ "api.toml": wants, "web.toml": wants });
    await here.device.until("api", (workload) => workload.phase === "running");
    const web = await here.device.until("web", (workload) => workload.phase === "blocked");
    assert.equal(web.message, `port ${port}/tcp is asked for by "api" as well`);
    assert.deepEqual([web.reason, web.instances.length], ["port_conflict", 0]);
  },
);

await testNeeding(
  ["git"],
  "services start after those that they depend on are healthy, and stop before them",
  async () => {
    await using dir = await tempDir();
    const journal = join(dir.path, "journal");
    const service = (name: string, more = "") =>
      shell(
        `trap 'echo stop ${name} >>${journal}; exit 0' TERM; echo start ${name} >>${journal}; ${more}` +
          "while :; do sleep 0.05; done",
      );
    const ready = join(dir.path, "ready");
    await using here = await pushedDevice({
      "a-web.toml": `${service("web")}depends_on = ["b-api"]\n`,
      "b-api.toml": `${service("api")}depends_on = [{ name = "c-migrate", condition = "completed" }, "d-db"]\n`,
      "c-migrate.toml": `${shell(`echo migrate >>${journal}`)}type = "job"\n`,
      "d-db.toml": `${
        service("db")
      }health = { command = ["test", "-e", "${ready}"], interval = "100ms", retries = 100 }\n`,
    });
    const { device } = here;
    const waiting = await device.until("b-api", (workload) => workload.reason === "dependency_not_ready");
    assert.match(waiting.message, /^waits for "(c-migrate" to be completed|d-db" to be healthy)$/);
    assert.equal(waiting.phase, "pending");
    await eventually("the job has run", async () => (await lines(journal)).includes("migrate"));
    assert.ok(!(await lines(journal)).includes("start api"));
    await Deno.writeTextFile(ready, "");
    await device.until("a-web", (workload) => workload.phase === "running");
    const started = (await lines(journal)).filter((line) => line.startsWith("start"));
    assert.deepEqual(started, ["start db", "start api", "start web"]);
    assert.equal((await device.cli("down")).code, 0);
    const stopped = (await lines(journal)).filter((line) => line.startsWith("stop"));
    assert.deepEqual(stopped, ["stop web", "stop api", "stop db"]);
  },
);

await testNeeding(
  ["git"],
  "a job runs once for each change, and not again when the daemon or its memory of it comes back",
  async () => {
    await using dir = await tempDir();
    const journal = join(dir.path, "journal");
    const job = (word: string) => `${shell(`echo ${word} >>${journal}`)}type = "job"\n`;
    await using here = await pushedDevice({ "one.toml": job("first") });
    const { device, repository } = here;
    const done = await device.until("one", (workload) => workload.phase === "completed");
    assert.deepEqual([done.sync, done.health, done.runs.map((run) => run.outcome)], ["synced", "healthy", [
      "succeeded",
    ]]);
    await device.killDaemon();
    // As after a reboot: nothing of the instance is left.
    const id = JSON.parse(await Deno.readTextFile(join(device.dataDir, "device.json"))).value?.id;
    if (Deno.uid() === 0 && id !== undefined) await Deno.remove(`/run/harbornode/${id}/one`, { recursive: true });
    await device.startDaemon();
    await device.until("one", (workload) => workload.phase === "completed");
    await repository.write("services/one.toml", job("second"));
    await repository.commit("Again");
    await device.until("one", (workload) => workload.runs.length === 2 && workload.phase === "completed");
    assert.deepEqual(await lines(journal), ["first", "second"]);
    assert.equal((await device.cli("restart", "one")).code, 0);
    await device.until("one", (workload) => workload.runs.length === 3 && workload.phase === "completed");
  },
);

await testNeeding(
  ["git"],
  "a schedule runs its job when it is due, skips what would overlap, and ends what takes too long",
  async () => {
    await using dir = await tempDir();
    const journal = join(dir.path, "journal");
    await using here = await pushedDevice({
      "each.toml": `${shell(`echo each >>${journal}; exit 4`)}schedule = "* * * * * *"\n`,
      "long.toml": `${shell("sleep 2.5")}schedule = "* * * * * *"\n`,
      "late.toml": `${shell("exec sleep 60")}schedule = "* * * * * *"\ntimeout = "300ms"\n`,
    });
    const { device } = here;
    const each = await device.until(
      "each",
      (workload) => workload.runs.filter((run) => run.outcome === "failed").length >= 3,
    );
    const failed = each.runs.filter((run) => run.outcome === "failed");
    assert.deepEqual([each.sync, ...failed.map((run) => run.exit_code)], ["synced", ...failed.map(() => 4)]);
    assert.ok(each.next_run_at !== null);
    const dues = each.runs.map((run) => run.due_at);
    assert.equal(new Set(dues).size, dues.length, "a run took place twice");
    for (const due of dues) assert.match(due, /\.000Z$/);
    await device.until(
      "long",
      (workload) => ["succeeded", "skipped"].every((outcome) => workload.runs.some((run) => run.outcome === outcome)),
    );
    await device.until("late", (workload) => workload.runs.filter((run) => run.outcome === "timeout").length >= 2);
  },
);

await testNeeding(
  ["git"],
  "new files are put in their place and told by a signal, and the service goes on",
  async () => {
    const script = 'trap "cat conf/word" HUP; cat conf/word; while :; do sleep 0.05; done';
    await using here = await pushedDevice({
      "web.toml": `${shell(script)}on_change = "reload"\nreload = "SIGHUP"\n`,
      "web/conf/word": "one\n",
      "web/conf/old": "x\n",
    });
    const { device, repository } = here;
    const before = await device.until("web", (workload) => workload.phase === "running");
    const said = async () => (await device.cli("logs", "web")).out.trim().split("\n");
    await eventually("it has read the first", async () => (await said()).includes("one"));
    await repository.write("services/web/conf/word", "two\n");
    await repository.remove("services/web/conf/old");
    await repository.commit("Two");
    await eventually("it has read the second", async () => (await said()).includes("two"));
    const after = await device.until("web", (workload) => workload.sync === "synced");
    assert.deepEqual(
      [after.instances[0]?.pid, after.instances[0]?.restarts],
      [before.instances[0]?.pid, 0],
    );
    const live = join(device.dataDir, "files/web/live/conf");
    const there = (await Array.fromAsync(Deno.readDir(live))).map((entry) => entry.name);
    assert.deepEqual(there, ["word"]);
    assert.equal((await said()).filter((line) => line === "two").length, 1, "it was told more than once");
  },
);

await testNeeding(["git"], "a service that listens elsewhere than it declares is told so, and runs", async () => {
  const [declared, other] = [await freePort(), await freePort()];
  const server = `exec python3 -m http.server --bind 127.0.0.1 ${other}`;
  await using here = await pushedDevice({ "web.toml": `${shell(server)}ports = [${declared}]\n` });
  const web = await here.device.until("web", (workload) => workload.warnings.length === 2);
  assert.deepEqual(web.warnings.map((warning) => `${warning.reason}: ${warning.message}`), [
    `port_mismatch: declares ${declared}/tcp and does not listen there`,
    `port_mismatch: listens on ${other}/tcp, which its manifest does not declare`,
  ]);
  assert.equal(web.phase, "running");
});
