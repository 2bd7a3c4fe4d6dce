/**
 * `deno task bench [--quick] [--rounds N] [--peers NAME,NAME | --containers | --source | --device] [--json FILE]`:
 * HarborNode and the supervisors that are installed here, side by side, and containers beside docker's command line
 * (--containers: alone), and large repositories beside git's own clone (--source: alone). Supervisors take turns within a
 * round, so that none has the machine at its best. All samples go to dist/bench.json, or FILE.
 *
 * --device is the executable itself, beside the bare runtime of the Deno that runs this: its size, its start, and its
 * memory after ten minutes and after a thousand pushes. It takes half an hour (--quick: a minute), and runs alone.
 *
 * The executable is HARBORNODE_EXECUTABLE or that of `deno task compile`; without one HarborNode runs from source.
 */
// deno-lint-ignore-file no-console -- this is a program for a terminal
import { benchContainers } from "./bench_containers.ts";
import { benchDevice } from "./bench_device.ts";
import { benchSource } from "./bench_source.ts";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { figures, FULL, QUICK, type Samples, type Scale } from "./figure.ts";
import { machine } from "./machine.ts";
import { measureCopiedLog } from "./measure_copied_log.ts";
import { measureFloor } from "./measure_floor.ts";
import { measureIdle } from "./measure_idle.ts";
import { measureKilledDaemon } from "./measure_killed_daemon.ts";
import { measureLogWriting } from "./measure_log_writing.ts";
import { measureMemory } from "./measure_memory.ts";
import { measureRestart, SETTLE_MS } from "./measure_restart.ts";
import type { Peer } from "./peer.ts";
import { findExecutable, harbornode } from "./peer_harbornode.ts";
import { pm2 } from "./peer_pm2.ts";
import { runit } from "./peer_runit.ts";
import { s6 } from "./peer_s6.ts";
import { supervisord } from "./peer_supervisord.ts";
import { showTable, showWanted } from "./show_table.ts";
import { endAllRuns, withIdleServices } from "./site.ts";
import { summarize } from "./summary.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    peers: { type: "string" },
    containers: { type: "boolean", default: false },
    source: { type: "boolean", default: false },
    device: { type: "boolean", default: false },
    json: { type: "string" },
  },
});
const base = values.quick ? QUICK : FULL;
const scale: Scale = { ...base, rounds: Number(values.rounds ?? base.rounds) };
if (!Number.isInteger(scale.rounds) || scale.rounds < 1) {
  console.error(`error: --rounds is "${values.rounds}", wanted a whole number from 1 on`);
  Deno.exit(2);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => endAllRuns().finally(() => Deno.exit(130)));
}
if (values.containers) {
  console.log(await machine());
  Deno.exit(await benchContainers(scale, await findExecutable()) === null ? 1 : 0);
}
if (values.source) {
  console.log(await machine());
  await benchSource(await findExecutable());
  Deno.exit(0);
}
if (values.device) {
  const executable = await findExecutable();
  if (executable === null) {
    console.error('error: there is no executable to measure\n  hint: first "deno task compile"');
    Deno.exit(2);
  }
  console.log(await machine());
  const device = await benchDevice(executable, { quick: values.quick });
  await writeReport({ machine: await machine(), device });
  Deno.exit(0);
}
const peers = await chosenPeers(values.peers?.split(","));
const floorMs = await measureFloor();
let failed = false;
const samples: Record<string, Samples[]> = Object.fromEntries(peers.map(({ name }) => [name, []]));
for (let round = 1; round <= scale.rounds; round++) {
  for (const peer of peers) {
    console.error(`round ${round} of ${scale.rounds}: ${peer.name} ${peer.version}`);
    const own: Samples = {};
    samples[peer.name]!.push(own);
    try {
      await measure(peer, own, { isFirst: round === 1 });
    } catch (error) {
      console.error(`  this round is not whole: ${error instanceof Error ? error.message : error}`);
      failed = true;
    }
  }
}
const rows = figures(scale);
const medians = summarize(samples, { figures: rows, scale });
const rounds = scale.rounds === 1 ? "1 round" : `medians of ${scale.rounds} rounds`;
console.log(`\n${await machine()}\n${rounds}; * is best, ratio is ours to the best of the others`);
console.log(`a service that nobody supervises needs ${floorMs.toFixed(1)} ms from its start to its first line\n`);
console.log(`${showTable(rows, medians)}\n\n${showWanted(rows, medians)}`);
const versions = Object.fromEntries(peers.map(({ name, version }) => [name, version]));
const containers = values.peers === undefined ? await benchContainers(scale, await findExecutable()) : null;
const source = values.peers === undefined ? await benchSource(await findExecutable()) : null;
const report = { machine: await machine(), floor_ms: floorMs, scale, versions, medians, samples, containers, source };
await writeReport(report);
await endAllRuns();
Deno.exit(failed ? 1 : 0);

async function writeReport(report: Record<string, unknown>): Promise<void> {
  const file = values.json ?? new URL("../../dist/bench.json", import.meta.url).pathname;
  await Deno.mkdir(dirname(file), { recursive: true });
  await Deno.writeTextFile(file, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`\nall samples: ${file}`);
}

/** Into `own`, figure by figure: what was measured counts, whatever fails later. */
async function measure(peer: Peer, own: Samples, { isFirst }: { isFirst: boolean }): Promise<void> {
  for (const size of scale.sizes) {
    await withIdleServices(peer, size, async (run) => {
      if (size > 1) own[`start_${size}`] = run.upAfterMs;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      Object.assign(own, await measureMemory(run));
      if (size !== scale.sizes[1]) return;
      // Long enough to need no second look.
      if (isFirst) Object.assign(own, await measureIdle(run, scale.idleSeconds));
      Object.assign(own, await measureRestart(run, scale.kills));
      Object.assign(own, await measureKilledDaemon(run));
    });
  }
  Object.assign(own, await measureLogWriting(peer, scale.logBytes));
  // The others have no such log.
  if (peer.name === "harbornode") Object.assign(own, await measureCopiedLog());
}

async function chosenPeers(wanted: string[] | undefined): Promise<Peer[]> {
  const executable = await findExecutable();
  if (executable === null) {
    console.error('NO EXECUTABLE: HarborNode runs from source, slower and larger. First: "deno task compile"');
  }
  const open = { harbornode: () => harbornode(executable), supervisord, runit, s6, pm2 };
  const unknown = wanted?.find((name) => !(name in open));
  if (unknown !== undefined) {
    console.error(`error: there is no peer "${unknown}", only ${Object.keys(open).join(", ")}`);
    Deno.exit(2);
  }
  const found: Peer[] = [];
  for (const [name, find] of Object.entries(open)) {
    if (wanted !== undefined && !wanted.includes(name)) continue;
    const peer = await find();
    if (peer === null) console.error(`not here, so not measured: ${name}`);
    else found.push(peer);
  }
  return found;
}
