import assert from "node:assert/strict";
import { asUsage } from "../../../src/runtime/docker/container_usage.ts";

const CPU = { cpu_usage: { total_usage: 1_500_000_000 } };

Deno.test("use of a container leaves out cached files, as docker stats does on both versions of cgroups", () => {
  const used = { cpuMs: 1500, memoryBytes: 700, pids: 3 };
  const [v1, v2] = [{ total_inactive_file: 300, inactive_file: 1 }, { inactive_file: 300 }];
  for (const stats of [v1, v2]) {
    const answer = { cpu_stats: CPU, memory_stats: { usage: 1000, stats }, pids_stats: { current: 3 } };
    assert.deepEqual(asUsage(answer), used);
  }
});

Deno.test("use of a container without the memory controller has its time alone", () => {
  const answer = { cpu_stats: CPU, memory_stats: {}, pids_stats: {} };
  assert.deepEqual(asUsage(answer), { cpuMs: 1500, memoryBytes: null, pids: null });
});

Deno.test("use of an ended container is null", () => {
  const answer = { cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {}, pids_stats: {} };
  assert.equal(asUsage(answer), null);
});
