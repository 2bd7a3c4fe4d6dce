import assert from "node:assert/strict";
import { cpuText, memoryText } from "../../src/model/usage.ts";

Deno.test("memory is shown in two or three figures", () => {
  const bytes = [0, 480_000, 9_949_999, 9_960_000, 12_582_912, 999_400_000, 999_600_000, 1_500_000_000, 64_000_000_000];
  assert.deepEqual(bytes.map(memoryText), [
    "0.0 MB",
    "0.5 MB",
    "9.9 MB",
    "10 MB",
    "13 MB",
    "999 MB",
    "1.0 GB",
    "1.5 GB",
    "64 GB",
  ]);
});

Deno.test("CPU is shown with a decimal only where it is small", () => {
  assert.deepEqual([0, 0.1, 9.9, 10.4, 99.6, 400].map(cpuText), ["0 %", "0.1 %", "9.9 %", "10 %", "100 %", "400 %"]);
});
