import { join } from "node:path";
import type { Check } from "../check.ts";
import { type Finding, orOk, problem, warning } from "../finding.ts";
import { readText } from "../inspect_host.ts";

export interface FlashWearFacts {
  /** What eMMC tells of itself: https://docs.kernel.org/driver-api/mmc/mmc-dev-attrs.html. SD cards tell nothing. */
  chips: { name: string; usedTenths: number; preEol: number }[];
  /** File systems that have met errors since they were last repaired. */
  damaged: { device: string; errors: number }[];
}

export const flashWear: Check<FlashWearFacts> = {
  group: "storage",
  name: "wear",
  async gather({ root }) {
    const chips: FlashWearFacts["chips"] = [];
    for (const name of await namesIn(join(root, "sys/block"))) {
      const directory = join(root, "sys/block", name, "device");
      const used = await readText(join(directory, "life_time"));
      const preEol = await readText(join(directory, "pre_eol_info"));
      if (used === null || preEol === null) continue;
      chips.push({ name, usedTenths: Math.max(...used.trim().split(/\s+/).map(Number)), preEol: Number(preEol) });
    }
    const damaged: FlashWearFacts["damaged"] = [];
    for (const device of await namesIn(join(root, "sys/fs/ext4"))) {
      const errors = Number(await readText(join(root, "sys/fs/ext4", device, "errors_count")) ?? 0);
      if (errors > 0) damaged.push({ device, errors });
    }
    return { chips, damaged };
  },
  evaluate({ chips, damaged }) {
    const copy = "copy the device to a new card or disk";
    const found: Finding[] = damaged.map(({ device, errors }) =>
      problem(
        `the file system on ${device} has met ${errors} ${errors === 1 ? "error" : "errors"}`,
        `${copy}, or start it with fsck.mode=force on the kernel's command line`,
      )
    );
    for (const { name, usedTenths, preEol } of chips) {
      // JEDEC 5.1: 0x0b is "beyond its estimated life", 0x03 "90 % of the spare blocks are used".
      if (usedTenths >= 11 || preEol >= 3) found.push(problem(`${name} is worn out`, copy));
      else if (usedTenths >= 9 || preEol === 2) found.push(warning(`${name} has used most of its life`, copy));
    }
    const [chip] = chips;
    return orOk(found, chip === undefined ? "nothing is known to be wrong" : `${chip.name} has used ${usedText(chip)}`);
  },
};

function usedText({ usedTenths }: FlashWearFacts["chips"][number]): string {
  return usedTenths <= 0 ? "what it does not tell" : `at most ${usedTenths * 10} % of its life`;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(directory), ({ name }) => name)).sort();
  } catch {
    return [];
  }
}
