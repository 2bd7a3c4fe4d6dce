import assert from "node:assert/strict";
import { join } from "node:path";
import { SdNotify } from "../../src/daemon/sd_notify.ts";
import { libc } from "../../src/os/libc.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

// Loaded before a test begins: the C library stays for the life of the process, and is no leak.
libc();

/** Binds the address, says so, and writes each datagram as a line of JSON until one says STOPPING=1. */
const LISTENER = `import json, socket, sys
name = sys.argv[1]
at = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
at.bind("\\0" + name[1:] if name.startswith("@") else name)
print("ready", flush=True)
text = ""
while text != "STOPPING=1":
    text = at.recv(4096).decode()
    print(json.dumps(text), flush=True)`;

function environment(variables: Record<string, string>) {
  const all = new Map(Object.entries(variables));
  return { get: (name: string) => all.get(name), delete: (name: string) => void all.delete(name), all };
}

await testNeeding(["python3"], "systemd is told by datagrams, on a path and on a name that no file has", async () => {
  await using dir = await tempDir();
  for (const socket of [join(dir.path, "notify"), `@harbornode-${crypto.randomUUID()}`]) {
    const python = new Deno.Command("python3", { args: ["-c", LISTENER, socket], stdout: "piped" }).spawn();
    const lines = python.stdout.pipeThrough(new TextDecoderStream());
    let message = "";
    for await (const text of lines) {
      if (message === "") {
        const notify = new SdNotify({ socket });
        notify.status("4f2c91a Brighter lamp at night; 12 of 12 healthy");
        notify.ready();
        notify.status("4f2c91a Brighter lamp at night; 12 of 12 healthy");
        notify.extend(30_000);
        notify.alive();
        notify.reloading();
        notify.stopping();
      }
      message += text;
    }
    await python.status;
    const [ready, ...told] = message.trim().split("\n");
    assert.equal(ready, "ready");
    const [reloading] = told.splice(4, 1);
    assert.match(reloading!, /^"RELOADING=1\\nMONOTONIC_USEC=[1-9]\d+"$/);
    assert.deepEqual(told.map((line) => JSON.parse(line)), [
      "STATUS=4f2c91a Brighter lamp at night; 12 of 12 healthy",
      "READY=1",
      "EXTEND_TIMEOUT_USEC=30000000",
      "WATCHDOG=1",
      "STOPPING=1",
    ]);
  }
});

Deno.test("nobody who listens, or has gone, is no trouble", () => {
  new SdNotify({ socket: null }).ready();
  new SdNotify({ socket: "/nowhere/notify" }).ready();
  new SdNotify({ socket: `/${"long".repeat(100)}` }).ready();
});

Deno.test("what systemd says to this process is taken out of the environment, so that no child has it", () => {
  const env = environment({
    NOTIFY_SOCKET: "/run/systemd/notify",
    WATCHDOG_USEC: "60000000",
    WATCHDOG_PID: "7",
    A: "b",
  });
  const notify = SdNotify.take(env, 7);
  assert.deepEqual([...env.all], [["A", "b"]]);
  assert.deepEqual([notify.isEnabled, notify.watchdogMs], [true, 60_000]);
});

Deno.test("a watchdog that waits for another process, or for nobody, gets no sign of life", () => {
  const take = (variables: Record<string, string>) => SdNotify.take(environment(variables), 7);
  assert.equal(take({ NOTIFY_SOCKET: "@name", WATCHDOG_USEC: "60000000", WATCHDOG_PID: "8" }).watchdogMs, null);
  assert.equal(take({ WATCHDOG_USEC: "60000000" }).watchdogMs, null);
  assert.equal(take({ NOTIFY_SOCKET: "@name", WATCHDOG_USEC: "soon" }).watchdogMs, null);
  assert.equal(take({ NOTIFY_SOCKET: "vsock:2:1234" }).isEnabled, false);
});

Deno.test("a status is one line, whatever was committed", () => {
  const sent: string[] = [];
  new SdNotify({ socket: "@", send: (_, text) => sent.push(text) > 0 }).status("one\nREADY=1");
  assert.deepEqual(sent, ["STATUS=one READY=1"]);
});
