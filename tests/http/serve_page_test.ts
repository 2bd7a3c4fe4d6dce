import assert from "node:assert/strict";
import { join } from "node:path";
import { Hono } from "hono";
import { serve } from "../../src/http/serve_page.ts";
import { serveSocket } from "../../src/http/serve_socket.ts";
import { tempDir } from "../support/temp.ts";

Deno.test("a server that closes lets answers end, and cuts streams that nobody ends", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "socket");
  const answering = Promise.withResolvers<void>();
  const app = new Hono();
  app.get("/stream", () => new Response(new ReadableStream({ start: (to) => to.enqueue(new Uint8Array([120])) })));
  app.get("/answer", async () => {
    await answering.promise;
    return new Response("whole");
  });
  for (const served of [await serve(app, { address: "127.0.0.1", port: 0 }), await serveSocket(app, path)]) {
    const viaSocket = served.port === 0;
    using client = Deno.createHttpClient(viaSocket ? { proxy: { transport: "unix", path } } : {});
    const origin = `http://127.0.0.1:${viaSocket ? 80 : served.port}`;
    const stream = (await fetch(`${origin}/stream`, { client })).body!.getReader();
    await stream.read();
    const answer = fetch(`${origin}/answer`, { client }).then((response) => response.text());
    await (await fetch(`${origin}/nothing`, { client })).text();
    const closed = served.close();
    answering.resolve();
    assert.equal(await answer, "whole");
    await closed;
    await assert.rejects(stream.read());
    await assert.rejects(fetch(`${origin}/nothing`, { client }));
  }
});
