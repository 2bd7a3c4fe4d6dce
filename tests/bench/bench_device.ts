/** The part of the bench that is about the executable itself: its size, its start, and its memory over time. */
// deno-lint-ignore-file no-console -- this is a program for a terminal
import { join } from "node:path";
import { TestDevice } from "../support/device.ts";
import { freePort } from "../support/demo_daemon.ts";
import { GitRepository } from "../support/git_repository.ts";
import { tempDir } from "../support/temp.ts";
import { bareServer, runtimeBytes } from "./bare_runtime.ts";
import type { Samples } from "./figure.ts";
import { ended, firstByte } from "./measure_start.ts";
import { residentKiB } from "./peak_memory.ts";
import { processesNaming, proportionalKiB } from "./process_table.ts";
import { median } from "./summary.ts";
import { push, view } from "./wear.ts";

interface DeviceScale {
  starts: number;
  idleMinutes: number;
  /** After each part its memory is looked at; the first one is what the last is compared with. */
  parts: number;
  syncsInPart: number;
  viewsInPart: number;
}

const FULL: DeviceScale = { starts: 21, idleMinutes: 10, parts: 5, syncsInPart: 200, viewsInPart: 4000 };
const QUICK: DeviceScale = { starts: 5, idleMinutes: 0.5, parts: 3, syncsInPart: 5, viewsInPart: 100 };
const WORKLOADS = Array.from({ length: 20 }, (_, index) => `service-${index}`);
/** Longer than the daemon needs to see that it is calm and give memory back. */
const CALM_MS = 10_000;
const SECOND_MS = 1000;

/** Prints its own small table, and returns what is in it. Memory in MB of 1 000 000 bytes. */
export async function benchDevice(executable: string, { quick }: { quick: boolean }): Promise<Samples> {
  const scale = quick ? QUICK : FULL;
  await using dir = await tempDir();
  const repository = await GitRepository.create(join(dir.path, "repository"));
  for (const name of WORKLOADS) await repository.write(`services/${name}.toml`, 'command = ["sleep", "infinity"]\n');
  await repository.commit("Twenty services");
  await using device = await TestDevice.start({
    root: dir.path,
    repository: repository.dir,
    repo: [],
    extra: ["[runtime]", "docker_enabled = false", "[log]", 'level = "warning"'],
    command: [executable],
  });
  await runs(device);
  const found: Samples = { ...await sizes(executable) };
  console.error(`${scale.starts} starts`);
  Object.assign(found, await starts({ executable, device, dir: dir.path }, scale.starts));
  await device.startDaemon();
  await runs(device);
  console.error(`${scale.idleMinutes} min idle`);
  await pause(scale.idleMinutes * 60 * SECOND_MS);
  found.idle_rss = await residentKiB(device.daemonPid) * 1024 / 1e6;
  found.idle_pss = await proportionalKiB(device.daemonPid) * 1024 / 1e6;
  found.idle_all_pss = await withShims(dir.path);
  for (let part = 1; part <= scale.parts; part++) {
    const [syncs, views] = [part * scale.syncsInPart, part * scale.viewsInPart];
    console.error(`${syncs} syncs and ${views} page views`);
    await push(scale.syncsInPart, { device, repository });
    await view(scale.viewsInPart, device, WORKLOADS);
    await pause(CALM_MS);
    found[`worn_${part}`] = await residentKiB(device.daemonPid) * 1024 / 1e6;
  }
  show(found, scale);
  if (quick) console.log("--quick: shorter than what the figures are wanted for");
  return found;
}

async function sizes(executable: string): Promise<Samples> {
  const { size } = await Deno.stat(executable);
  const compressed = await Deno.stat(`${executable}.gz`).then((info) => info.size, () => NaN);
  return { size: size / 1e6, compressed: compressed / 1e6, runtime: (await runtimeBytes(executable) ?? NaN) / 1e6 };
}

/** Of the device as it is after a crash, all services running; and of the bare runtime, in turns. */
async function starts(
  { executable, device, dir }: { executable: string; device: TestDevice; dir: string },
  count: number,
): Promise<Samples> {
  const bare = await bareServer(dir);
  if (bare === null) console.error(`THE BARE RUNTIME is not measured: Deno ${Deno.version.deno} cannot compile here`);
  const taken: { own: number[]; bare: number[] } = { own: [], bare: [] };
  await device.stopDaemon();
  for (let time = 0; time < count; time++) {
    const own = await firstByte({ command: [executable, "run", "--config", device.config], port: device.port });
    // In the middle of its start it would end later, and be in the way of the next.
    await pause(SECOND_MS);
    await ended(own.child);
    taken.own.push(own.ms);
    if (bare === null) continue;
    const port = await freePort();
    const other = await firstByte({ command: [bare, String(port)], port });
    await ended(other.child);
    taken.bare.push(other.ms);
  }
  return { start: median(taken.own), start_least: Math.min(...taken.own), start_bare: median(taken.bare) };
}

/** The daemon with a shim for each of its services, but without the services, which are all called "sleep". */
async function withShims(dir: string): Promise<number> {
  let total = 0;
  for (const pid of await processesNaming(dir)) {
    const name = await Deno.readTextFile(`/proc/${pid}/comm`).catch(() => "sleep");
    if (name.trim() !== "sleep") total += await proportionalKiB(pid);
  }
  return total * 1024 / 1e6;
}

async function runs(device: TestDevice): Promise<void> {
  for (const name of WORKLOADS) await device.until(name, (it) => it.phase === "running" && it.sync === "synced");
}

function show(found: Samples, { idleMinutes, parts, syncsInPart, viewsInPart }: DeviceScale): void {
  const of = (id: string) => found[id] ?? NaN;
  const last = of(`worn_${parts}`);
  const line = (title: string, value: number, wanted?: number) => {
    const verdict = wanted === undefined ? "" : `   ${value <= wanted ? "met" : "MISSED"}: ${wanted}`;
    console.log(`${title.padEnd(52)}${value.toFixed(1).padStart(7)}${verdict}`);
  };
  console.log(`\n${"the executable, and a device with 20 services".padEnd(52)}         wanted`);
  line("size, MB", of("size"));
  line("  above the runtime's own, MB", of("size") - of("runtime"), 12);
  line("  compressed, MB", of("compressed"));
  line("from its start to the first byte of the page, ms", of("start"), 150);
  line("  the fastest of them, ms", of("start_least"));
  line("  the bare runtime, ms", of("start_bare"));
  line(`memory (RSS) after ${idleMinutes} min idle, MB`, of("idle_rss"), 70);
  line("  the same as PSS, MB", of("idle_pss"));
  line("  with all 20 shims, PSS, MB", of("idle_all_pss"));
  line(`memory (RSS) after ${syncsInPart} syncs, ${viewsInPart} views, MB`, of("worn_1"));
  line(`  after ${parts * syncsInPart} syncs, ${parts * viewsInPart} views, MB`, last);
  line("  growth meanwhile, MB", last - of("worn_1"), 1);
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
