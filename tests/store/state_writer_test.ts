/** Every write of the state, on disks that refuse it: none rejects, and all of it is on disk when the disk takes it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { deviceId } from "../../src/daemon/device_id.ts";
import { newState } from "../../src/model/workload_state.ts";
import { Outbox } from "../../src/notify/outbox.ts";
import { systemClock } from "../../src/clock.ts";
import { DeliveryLog } from "../../src/store/delivery_log.ts";
import { ImageInventory } from "../../src/store/image_inventory.ts";
import { Journal } from "../../src/store/journal.ts";
import { WorkloadStateStore } from "../../src/store/workload_state_store.ts";
import { notifyFile, readNotifyState } from "../../src/store/notify_state.ts";
import { readSourceState, type SourceState, writeSourceState } from "../../src/store/source_state.ts";
import { StateDisk } from "../../src/store/state_writer.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { refusingDisk } from "../support/refusing_disk.ts";
import { smallDisk } from "../support/small_disk.ts";
import { tempDir } from "../support/temp.ts";

const WEB = { workload: "web", actions: ["start web[0]"], message: "is new" };
const DELIVERY = { at: "2026-01-01T00:00:00Z", id: "d", forge: "git", event: "push", verdict: "accepted", message: "" };
const SOURCE: SourceState = {
  url: "u",
  branch: "main",
  device: "d",
  seen: null,
  attempted: null,
  applied: null,
  healthy: null,
  pruneConfirmed: null,
};
const { slots: _slots, ...EMPTY } = newState("web");

interface Write {
  /** Faults that do not concern it: it needs no block, no inode, or has its file open. */
  despite?: string[];
  /** Prepares on a good disk. Returns the write, and then whether the disk has it. */
  given(root: string, disk: StateDisk): Promise<{ write: () => Promise<unknown>; isSaved: () => Promise<boolean> }>;
}

/** One for each kind of file. */
const WRITES: Record<string, Write> = {
  "a workload's memory": {
    async given(root, disk) {
      const store = await WorkloadStateStore.open(root, disk);
      const halted = { fingerprint: "f", restarts: 7, streak: 0, lastExitCode: null, recent: [] };
      return {
        write: () => store.save({ ...EMPTY, slots: { 0: halted } }),
        isSaved: async () => (await WorkloadStateStore.open(root)).all.get("web")?.slots[0]?.restarts === 7,
      };
    },
  },
  "the removal of a workload's memory": {
    despite: ["ENOSPC", "no inodes"],
    async given(root, disk) {
      const store = await WorkloadStateStore.open(root, disk);
      await store.save(newState("web"));
      return {
        write: () => store.forget("web"),
        isSaved: async () => !(await WorkloadStateStore.open(root)).all.has("web"),
      };
    },
  },
  "the memory of the repository": {
    async given(root, disk) {
      const path = join(root, "source.json");
      await writeSourceState(path, SOURCE, disk);
      return {
        write: () => writeSourceState(path, { ...SOURCE, seen: "abc" }, disk),
        isSaved: async () => (await readSourceState(path))?.seen === "abc",
      };
    },
  },
  "the beginning in the journal": {
    async given(root, disk) {
      const path = join(root, "journal.jsonl");
      const journal = await Journal.read(path, disk);
      return {
        write: () => journal.begin([WEB]),
        isSaved: async () => (await Journal.read(path)).unfinished.length === 1,
      };
    },
  },
  "the end in the journal": {
    despite: ["ENOSPC", "no inodes", "EROFS"],
    async given(root, disk) {
      const path = join(root, "journal.jsonl");
      const journal = await Journal.read(path, disk);
      const [web] = await journal.begin([WEB, WEB]);
      return {
        write: () => journal.end(web!),
        isSaved: async () => (await Journal.read(path)).unfinished.length === 1,
      };
    },
  },
  "the list of pulled images": {
    async given(root, disk) {
      const path = join(root, "images.json");
      const inventory = await ImageInventory.open(path, disk);
      return {
        write: () => inventory.save([{ id: "sha256:1", names: ["nginx"] }]),
        isSaved: async () => (await ImageInventory.open(path)).images.length === 1,
      };
    },
  },
  "the webhook deliveries": {
    async given(root, disk) {
      const path = join(root, "deliveries.json");
      const log = await DeliveryLog.open(path, disk);
      return {
        write() {
          log.add({ ...DELIVERY, verdict: "accepted" } as Parameters<DeliveryLog["add"]>[0], "once");
          return log.close();
        },
        isSaved: async () => (await DeliveryLog.open(path)).has("once"),
      };
    },
  },
  "the messages to others": {
    async given(root, disk) {
      const file = notifyFile(join(root, "notify.json"), disk);
      const notifyState = await readNotifyState(file);
      const senders = new Map([["me", () => Promise.resolve({ type: "said" as const })]]);
      const outbox = new Outbox({ file, notifyState, clock: systemClock, senders, jitter: () => 0 });
      return {
        write() {
          outbox.add({ target: "me", topic: null, content: {} });
          return outbox.save();
        },
        isSaved: async () => (await readNotifyState(notifyFile(file.path))).queue.length === 1,
      };
    },
  },
};

interface Faulty extends AsyncDisposable {
  root: string;
  break(): Promise<void> | void;
  heal(): Promise<void> | void;
}

/** What is wrong with a disk, by what is said of it. */
const FAULTS: Record<string, { needs: ("root")[]; says: RegExp; given(): Promise<Faulty> }> = {
  ENOSPC: { needs: ["root"], says: /" is full$/, given: () => mounted("fill", "free") },
  "no inodes": { needs: ["root"], says: /" has no free inode$/, given: () => mounted("useInodes", "free") },
  EROFS: { needs: ["root"], says: /" is read-only$/, given: () => mounted("readOnly", "writable") },
  EDQUOT: { needs: [], says: /" has no quota left$/, given: () => injected("EDQUOT") },
  EIO: { needs: [], says: /" does not work \(input\/output error\)$/, given: () => injected("EIO") },
};

async function mounted(breaks: "fill" | "useInodes" | "readOnly", heals: "free" | "writable"): Promise<Faulty> {
  const dir = await tempDir();
  const disk = await smallDisk(join(dir.path, "disk"), { megabytes: 1 });
  return {
    root: disk.path,
    break: disk[breaks],
    heal: disk[heals],
    async [Symbol.asyncDispose]() {
      await disk[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function injected(code: "EDQUOT" | "EIO"): Promise<Faulty> {
  const dir = await tempDir();
  const disk = refusingDisk(dir.path);
  return {
    root: dir.path,
    break: () => disk.refuse(code),
    heal: () => disk.heal(),
    async [Symbol.asyncDispose]() {
      disk[Symbol.dispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

for (const [fault, { needs, says, given }] of Object.entries(FAULTS)) {
  for (const [name, { given: prepare, despite = [] }] of Object.entries(WRITES)) {
    if (despite.includes(fault)) continue;
    await testNeeding(needs, `${name}: ${fault} rejects nothing, and it is saved when the disk takes it`, async () => {
      await using faulty = await given();
      const { root } = faulty;
      const disk = new StateDisk({ root, retryMs: 20 });
      const { write, isSaved } = await prepare(root, disk);
      assert.equal(await isSaved(), false);
      assert.equal(disk.unsaved, null);
      await faulty.break();
      await write();
      await eventually("it is said", () => disk.unsaved !== null && says.test(disk.unsaved.message));
      assert.equal(await isSaved(), false);
      await faulty.heal();
      await eventually("all is saved", () => disk.unsaved === null);
      assert.ok(await isSaved());
      await disk.close();
    }, { sanitizeOps: false, sanitizeResources: false });
  }
}

Deno.test("what a disk refuses is kept once for each file, however often it is written", async () => {
  await using dir = await tempDir();
  using faulty = refusingDisk(dir.path);
  const disk = new StateDisk({ root: dir.path, retryMs: 3_600_000 });
  const store = await WorkloadStateStore.open(dir.path, disk);
  faulty.refuse("ENOSPC");
  const slot = { fingerprint: "f", streak: 0, lastExitCode: null, recent: [] };
  for (let restarts = 0; restarts < 500; restarts++) {
    await store.save({ ...EMPTY, slots: { 0: { ...slot, restarts } } });
  }
  assert.ok(faulty.refused >= 500);
  faulty.refused = 0;
  await disk.retry();
  // The temporary file cannot be made, and cannot be removed.
  assert.ok(faulty.refused <= 2, `${faulty.refused} writes for one file`);
  faulty.heal();
  await disk.retry();
  assert.equal((await WorkloadStateStore.open(dir.path)).all.get("web")?.slots[0]?.restarts, 499);
  assert.deepEqual((await Array.fromAsync(Deno.readDir(dir.path))).map(({ name }) => name), ["web.json"]);
  await disk.close();
});

Deno.test("a retry asks a disk that refuses once, not once for each file", async () => {
  await using dir = await tempDir();
  using faulty = refusingDisk(dir.path);
  const disk = new StateDisk({ root: dir.path, retryMs: 3_600_000 });
  const store = await WorkloadStateStore.open(dir.path, disk);
  faulty.refuse("EIO");
  for (let number = 0; number < 100; number++) await store.save(newState(`web-${number}`));
  faulty.refused = 0;
  await disk.retry();
  assert.ok(faulty.refused <= 2, `${faulty.refused} writes`);
  faulty.heal();
  await disk.retry();
  assert.equal(disk.unsaved, null);
  assert.equal((await WorkloadStateStore.open(dir.path)).all.size, 100);
  await disk.close();
});

Deno.test("the next daemon of a boot knows what the disk refused, a removal too, until the disk has it", async () => {
  await using dir = await tempDir();
  await using aside = await tempDir();
  using faulty = refusingDisk(dir.path);
  const open = async () => {
    const disk = new StateDisk({ root: dir.path, copies: join(aside.path, "copies"), retryMs: 3_600_000 });
    return { disk, store: await WorkloadStateStore.open(join(dir.path, "state/workloads"), disk) };
  };
  const first = await open();
  await first.store.save(newState("gone"));
  await first.store.save(newState("web"));
  faulty.refuse("EROFS");
  const override = { action: "stop" as const, since: 1, until: null };
  await first.store.save({ ...newState("web"), override });
  await first.store.save({ ...newState("new"), override });
  await first.store.forget("gone");
  await first.disk.close();

  const second = await open();
  assert.deepEqual([...second.store.all.keys()].sort(), ["new", "web"]);
  assert.deepEqual(second.store.all.get("web")?.override, override);
  await second.store.save({ ...newState("web"), override: { ...override, since: 2 } });
  await second.disk.close();

  const third = await open();
  assert.equal(third.store.all.get("web")?.override?.since, 2);
  faulty.heal();
  await third.disk.retry();
  assert.equal(third.disk.unsaved, null);
  await third.disk.close();
  assert.deepEqual([...await Array.fromAsync(Deno.readDir(aside.path))], []);
  const { all } = await WorkloadStateStore.open(join(dir.path, "state/workloads"));
  assert.deepEqual([...all.keys()].sort(), ["new", "web"]);
  assert.equal(all.get("web")?.override?.since, 2);
});

Deno.test("a disk that hangs holds up one write, and no other one behind it", async () => {
  await using dir = await tempDir();
  using faulty = refusingDisk(dir.path);
  const disk = new StateDisk({ root: dir.path, retryMs: 3_600_000, maxWaitMs: 50 });
  const store = await WorkloadStateStore.open(dir.path, disk);
  faulty.hang();
  await store.save(newState("web"));
  assert.match(disk.unsaved?.message ?? "", /does not answer$/);
  for (let number = 0; number < 3; number++) await store.save({ ...newState("web"), formerName: `${number}` });
  assert.equal(faulty.refused, 1);
  faulty.heal();
  await disk.retry();
  await eventually("all is saved", () => disk.unsaved === null);
  assert.equal((await WorkloadStateStore.open(dir.path)).all.get("web")?.formerName, "2");
  await disk.close();
});

Deno.test("a damaged file that a read-only disk keeps is set aside before it is written over", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "web.json");
  await Deno.writeTextFile(path, "torn");
  using faulty = refusingDisk(dir.path);
  faulty.refuse("EROFS");
  const disk = new StateDisk({ root: dir.path, retryMs: 3_600_000 });
  const store = await WorkloadStateStore.open(dir.path, disk);
  assert.equal(store.all.size, 0);
  await store.save(newState("web"));
  assert.equal(await Deno.readTextFile(path), "torn");
  faulty.heal();
  await disk.retry();
  assert.equal(await Deno.readTextFile(`${path}.aside-torn`), "torn");
  assert.equal((await WorkloadStateStore.open(dir.path)).all.size, 1);
  await disk.close();
});

Deno.test("a device that has run keeps its id on a disk that refuses, and one that never has ends with a sentence", async () => {
  await using dir = await tempDir();
  const id = await deviceId(dir.path);
  const known = new StateDisk({ root: dir.path });
  using faulty = refusingDisk(dir.path);
  faulty.refuse("EROFS");
  assert.equal(await deviceId(dir.path, known), id);
  await known.close();
  await using other = await tempDir();
  using full = refusingDisk(other.path);
  full.refuse("ENOSPC");
  const disk = new StateDisk({ root: other.path });
  await assert.rejects(deviceId(other.path, disk), {
    name: "Failure",
    reason: "disk_full",
    message: `data_dir cannot be written: the disk that holds "${other.path}" is full`,
    hint: /^free some space on it, or set data_dir/,
  });
  await disk.close();
});
