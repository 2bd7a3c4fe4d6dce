import assert from "node:assert/strict";
import { systemClock } from "../../../src/clock.ts";
import { openDockerRuntime } from "../../../src/runtime/docker/docker_runtime.ts";
import { Engine, Timeout } from "../../../src/runtime/docker/engine.ts";
import { eventually } from "../../support/eventually.ts";
import { DOCKER_SOCKET, testNeeding } from "../../support/prerequisite.ts";
import { tempDir } from "../../support/temp.ts";
import { Inventory, NO_LOGINS, NOTHING_ALLOWED } from "./docker_device.ts";
import { SocketProxy } from "./socket_proxy.ts";

Deno.test("docker is reached through a unix socket, and any other host is a mistake", async () => {
  for (const host of ["tcp://127.0.0.1:2375", "ssh://ada@example.org", "/var/run/docker.sock", "unix://relative"]) {
    await assert.rejects(
      openDockerRuntime({
        host,
        deviceId: "d",
        policy: NOTHING_ALLOWED,
        protectedPaths: [],
        credentialsDir: "/nonexistent/credentials",
        credentials: NO_LOGINS,
        inventory: new Inventory(),
        diskReserveBytes: 0,
        clock: systemClock,
      }),
      {
        name: "Failure",
        kind: "mistake",
        message: `Docker cannot be reached at "${host}": only unix:// is supported`,
      },
    );
  }
});

await testNeeding(["docker"], "a Docker that stops answering is given up after a while", async () => {
  await using dir = await tempDir();
  await using proxy = new SocketProxy(`${dir.path}/docker.sock`);
  proxy.up();
  const engine = new Engine(proxy.path);
  await engine.call("GET /info", { task: "tell about itself" });
  proxy.silent = true;
  await assert.rejects(engine.call("GET /info", { task: "tell about itself", timeoutMs: 50 }), (error) => {
    assert.ok(error instanceof Timeout);
    assert.equal(error.reason, "docker_unavailable");
    return true;
  });
  engine.close();
});

await testNeeding(["docker"], "a stream that began may be silent for as long as it was allowed to", async () => {
  const engine = new Engine(DOCKER_SOCKET);
  const filters = JSON.stringify({ label: ["harbornode.device=nobody"] });
  const events = engine.stream("GET /events", { task: "tell", query: { filters }, timeoutMs: 30_000, idleMs: 50 });
  await assert.rejects(Array.fromAsync(events), { name: "Failure", message: "Docker did not tell within 0.05 s" });
  engine.close();
});

Deno.test("a flood ends with the reason of whoever gave it up, at whatever moment", async () => {
  await using dir = await tempDir();
  const chunk = new Uint8Array(2500);
  const flood = () => new Response(new ReadableStream({ pull: (to) => to.enqueue(chunk) }));
  const version = () => Response.json({ ApiVersion: "1.47", MinAPIVersion: "1.24", Arch: "amd64" });
  const answer = (request: Request) => request.url.endsWith("/version") ? version() : flood();
  const path = `${dir.path}/docker.sock`;
  const server = Deno.serve({ path, transport: "unix", onListen: () => {} } as never, answer);
  const engine = new Engine(path);
  for (let round = 0; round < 40; round++) {
    const controller = new AbortController();
    const opened = () => setTimeout(() => controller.abort(new Error("enough")), 1 + round % 7);
    const read = async () => {
      let count = 0;
      for await (const _ of engine.stream("GET /events", { task: "tell", signal: controller.signal, opened })) {
        assert.ok(count++ < 200_000, "it goes on after it was given up");
      }
    };
    await assert.rejects(read(), /^Error: enough$/);
  }
  engine.close();
  await server.shutdown();
});

await testNeeding(["docker"], "a call ends with the reason of whoever gave it up", async () => {
  await using dir = await tempDir();
  await using proxy = new SocketProxy(`${dir.path}/docker.sock`);
  proxy.up();
  const engine = new Engine(proxy.path);
  await engine.call("GET /info", { task: "tell about itself" });
  proxy.silent = true;
  const controller = new AbortController();
  const call = engine.call("GET /info", { task: "tell about itself", signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(call, /enough/);
  const last = engine.call("GET /info", { task: "tell about itself" });
  engine.close();
  await assert.rejects(last, { name: "Failure", reason: "docker_unavailable" });
});

await testNeeding(
  ["docker"],
  "no connection is left open by refusals and by streams that are not read to their end",
  async () => {
    await using dir = await tempDir();
    await using proxy = new SocketProxy(`${dir.path}/docker.sock`);
    proxy.up();
    const engine = new Engine(proxy.path);
    for (let turn = 0; turn < 20; turn++) {
      await assert.rejects(engine.call("GET /containers/nope/json", { task: "look" }), {
        message: "Docker cannot look: No such container: nope",
      });
      const since = String(Math.floor(Date.now() / 1000));
      const controller = new AbortController();
      const { signal } = controller;
      const opened = () => controller.abort(new Error("seen enough"));
      await assert.rejects(
        Array.fromAsync(engine.stream("GET /events", { task: "tell", query: { since }, signal, opened })),
      );
    }
    await eventually("at most the few that wait for the next call are open", () => proxy.connections <= 3);
    engine.close();
  },
);
