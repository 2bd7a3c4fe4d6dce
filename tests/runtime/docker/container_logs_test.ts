import assert from "node:assert/strict";
import type { Instance } from "../../../src/model/instance.ts";
import type { LogLine } from "../../../src/runtime/runtime.ts";
import { eventually } from "../../support/eventually.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { type DockerDevice, dockerDevice } from "./docker_device.ts";

const DOCKER = ["docker", "busybox"] as const;
const sh = (script: string) => ["/bin/sh", "-c", script];

async function ended(device: DockerDevice, id: string) {
  return await eventually("it ended", async () => {
    const seen = await device.look(id);
    return seen?.state === "exited" && seen;
  });
}

function read(device: DockerDevice, workload: string, tail: number): Promise<LogLine[]> {
  return Array.fromAsync(device.runtime.logs(workload, { tail, follow: false }));
}

/** A script that says these words, each only when `say` lets it: two outputs have no order of their own. */
const saying = (...words: string[]) =>
  sh(words.map((word, index) => `until [ -e /say-${index} ]; do sleep 0.02; done; echo ${word}`).join("; "));

/** Lets the instance say its next word, and returns when it is in the log. */
async function say(device: DockerDevice, instance: Instance, index: number): Promise<void> {
  const workload = device.workload({ name: instance.workload });
  const never = new AbortController().signal;
  await device.runtime.execute(instance, workload, ["/bin/touch", `/say-${index}`], never);
  await eventually(`word ${index} of slot ${instance.slot} is said`, async () => {
    const lines = await read(device, instance.workload, 100);
    return lines.filter(({ slot }) => slot === instance.slot).length === index + 1;
  });
}

/** Lines as they come, until `stop`. */
function following(device: DockerDevice, workload: string, tail: number) {
  const controller = new AbortController();
  const lines: LogLine[] = [];
  const done = (async () => {
    for await (const line of device.runtime.logs(workload, { tail, follow: true, signal: controller.signal })) {
      lines.push(line);
    }
  })();
  return {
    lines,
    has: (text: string) => eventually(`"${text}" came`, () => lines.some((line) => line.text === text)),
    async [Symbol.asyncDispose]() {
      controller.abort();
      await done;
    },
  };
}

await testNeeding(
  [...DOCKER],
  "docker logs tell the last lines of both outputs of all slots, oldest first",
  async () => {
    await using device = await dockerDevice();
    const workload = device.workload({ command: saying("one", "two >&2", "three") });
    for (const slot of [0, 1]) {
      const one = await device.start(workload, { slot });
      for (const word of [0, 1, 2]) await say(device, one, word);
      await ended(device, one.id);
    }
    const first = [
      { slot: 0, stream: "stdout", text: "one" },
      { slot: 0, stream: "stderr", text: "two" },
      { slot: 0, stream: "stdout", text: "three" },
    ];
    const all = [...first, ...first.map((line) => ({ ...line, slot: 1 }))];
    assert.deepEqual(await read(device, workload.name, 100), all);
    assert.deepEqual(await read(device, workload.name, 4), all.slice(2));
    assert.deepEqual(await read(device, workload.name, 0), []);
    assert.deepEqual(await read(device, "another", 10), []);
  },
);

await testNeeding([...DOCKER], "docker logs put long lines together and cut them at 16 KiB", async () => {
  await using device = await dockerDevice();
  const count = (size: number) => `head -c ${size} /dev/zero | tr '\\0' x; echo`;
  const workload = device.workload({
    command: sh(`${count(16_000)}; ${count(50_000)}; echo; echo 'gr\u00fc\u00df dich'; printf 'no end'`),
  });
  await ended(device, (await device.start(workload)).id);
  const texts = (await read(device, workload.name, 10)).map((line) => line.text);
  assert.deepEqual(texts.map((text) => text.length), [16_000, 16_384, 0, 9, 6]);
  assert.deepEqual(texts.slice(3), ["gr\u00fc\u00df dich", "no end"]);
});

await testNeeding(
  [...DOCKER],
  "docker logs follow what comes, each line once, through a restart and a new slot",
  async () => {
    await using device = await dockerDevice();
    const name = device.workload().name;
    const script =
      "n=$(cat /n 2>/dev/null || echo 0); n=$((n+1)); echo $n > /n; echo begin-$n; echo error-$n >&2; sleep 0.3; echo end-$n";
    const workload = device.workload({ command: sh(script) });
    const first = await device.start(workload);
    await using log = following(device, name, 100);
    await log.has("end-1");
    await device.start(workload, { previous: await ended(device, first.id) });
    await log.has("end-2");
    await device.start(workload, { slot: 1 });
    await eventually("the new slot is heard", () => log.lines.some((line) => line.slot === 1 && line.text === "end-1"));
    const expected = ["0 begin-1", "0 begin-2", "0 end-1", "0 end-2", "0 error-1", "0 error-2"];
    // What was said on the other output may come behind the end.
    await eventually("all of it came", () => log.lines.length >= expected.length + 3);
    const texts = log.lines.map(({ slot, text }) => `${slot} ${text}`).sort();
    assert.deepEqual(texts, [...expected, "1 begin-1", "1 end-1", "1 error-1"].sort());
  },
);

await testNeeding(
  [...DOCKER],
  "docker logs that are followed end without an error when nobody listens any more",
  async () => {
    await using device = await dockerDevice();
    const workload = device.workload({ command: sh("while :; do echo line; sleep 0.01; done") });
    await device.start(workload);
    for await (const line of device.runtime.logs(workload.name, { tail: 0, follow: true })) {
      assert.equal(line.text, "line");
      break;
    }
    const controller = new AbortController();
    let count = 0;
    for await (const _ of device.runtime.logs(workload.name, { tail: 5, follow: true, signal: controller.signal })) {
      if (++count === 20) controller.abort();
    }
    assert.equal(count, 20);
  },
);

await testNeeding([...DOCKER], "docker logs lose nothing when the reader is slower than restarts", async () => {
  await using device = await dockerDevice();
  const workload = device.workload({ command: sh("seq 3000") });
  const controller = new AbortController();
  const { signal } = controller;
  const log = device.runtime.logs(workload.name, { tail: 0, follow: true, signal })[Symbol.asyncIterator]();
  const first = log.next();
  const instance = await device.start(workload);
  assert.equal((await first).value?.text, "1");
  await device.start(workload, { previous: await ended(device, instance.id) });
  const again = await ended(device, instance.id);
  assert.ok(again.startedAt! > instance.startedAt!);
  for (let count = 2; count <= 6000; count++) {
    assert.equal((await log.next()).value?.text, String((count - 1) % 3000 + 1));
  }
  controller.abort();
  assert.equal((await log.next()).done, true);
});

await testNeeding(
  [...DOCKER],
  "docker logs since a time are of all slots, in order, and followed from there on",
  async () => {
    await using device = await dockerDevice();
    const workload = device.workload({ command: saying("early", "late", "last") });
    const [one, other] = [await device.start(workload), await device.start(workload, { slot: 1 })];
    for (const each of [one, other]) await say(device, each, 0);
    const since = Date.now();
    for (const word of [1, 2]) for (const each of [one, other]) await say(device, each, word);
    await ended(device, other.id);
    const { endedAt } = await ended(device, one.id);
    const options = { tail: null, since, follow: false };
    const lines = await Array.fromAsync(device.runtime.logs(workload.name, options));
    assert.deepEqual(lines.filter((line) => line.slot === 0).map((line) => line.text), ["late", "last"]);
    assert.deepEqual((await Array.fromAsync(device.runtime.logs(workload.name, { ...options, tail: 1 }))).length, 1);
    const none = { ...options, since: endedAt! + 60_000 };
    assert.deepEqual(await Array.fromAsync(device.runtime.logs(workload.name, none)), []);
    const signal = AbortSignal.timeout(500);
    assert.deepEqual(await Array.fromAsync(device.runtime.logs(workload.name, { ...none, follow: true, signal })), []);
  },
);
