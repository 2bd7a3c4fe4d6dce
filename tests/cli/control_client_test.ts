import assert from "node:assert/strict";
import { ControlClient } from "../../src/cli/control_client.ts";
import { controlSocket } from "../../src/store/data_dir.ts";
import { tempDir } from "../support/temp.ts";

/** A daemon that never runs out of lines. */
function flooding(dataDir: string): Deno.HttpServer {
  const chunk = new TextEncoder().encode('{"slot":0,"text":"line"}\n'.repeat(100));
  const answer = () => new Response(new ReadableStream({ pull: (to) => to.enqueue(chunk) }));
  return Deno.serve({ path: controlSocket(dataDir), transport: "unix", onListen: () => {} } as never, answer);
}

Deno.test("following a flood of lines ends when it is interrupted, at whatever moment", async () => {
  await using dir = await tempDir();
  const server = flooding(dir.path);
  using client = new ControlClient({ dataDir: dir.path });
  for (let round = 0; round < 15; round++) {
    const stop = new AbortController();
    let after: ReturnType<typeof setTimeout> | undefined;
    let count = 0;
    for await (const _ of client.lines("/workloads/web/logs", { signal: stop.signal })) {
      if (count++ === 0) after = setTimeout(() => stop.abort(new Error("interrupted")), 1 + round % 7);
      assert.ok(count < 2_000_000, "it goes on after the interrupt");
    }
    clearTimeout(after);
  }
  await server.shutdown();
});
