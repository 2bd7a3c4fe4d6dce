/** The part of the bench that needs Docker: containers that run already, and a daemon that is new. */
// deno-lint-ignore-file no-console -- this is a program for a terminal
import { missing } from "../support/prerequisite.ts";
import { ContainerFleet } from "./container_fleet.ts";
import type { Samples, Scale } from "./figure.ts";
import { measureAdoption, measureCommandLine, measurePasses } from "./measure_adoption.ts";
import { median } from "./summary.ts";

/** Prints its own small table, and returns the samples; null, and aloud, without Docker. */
export async function benchContainers(
  { containers, rounds }: Scale,
  executable: string | null,
): Promise<Samples[] | null> {
  const why = await missing("docker") ?? await missing("busybox");
  if (why !== null) {
    console.error(`NO CONTAINERS are measured: ${why}`);
    return null;
  }
  console.error(`${containers} containers: starting them`);
  await using fleet = await ContainerFleet.start(containers, executable);
  const samples: Samples[] = [];
  for (let round = 1; round <= rounds; round++) {
    console.error(`${containers} containers: round ${round} of ${rounds}`);
    samples.push({
      ...await measureAdoption(fleet),
      ...await measureCommandLine(fleet),
      ...await measurePasses(fleet),
    });
  }
  const of = (id: string) => median(samples.flatMap((sample) => sample[id] ?? []));
  const line = (title: string, own: string, other?: string) => {
    const ratio = other === undefined || Number.isNaN(of(other)) ? "" : of(own) / of(other);
    const beside = ratio === "" ? "" : `${of(other!).toFixed(0).padStart(8)}${ratio.toFixed(2).padStart(8)}`;
    console.log(`${title.padEnd(44)}${of(own).toFixed(0).padStart(8)}${beside}`);
  };
  console.log(`\n${`${containers} containers that run already`.padEnd(44)}    ours  docker   ratio`);
  line("a new daemon: all known, ms (ps and inspect)", "adopted", "all");
  line("  its first pass alone, ms (ps and inspect)", "first", "all");
  line("a pass without a change, ms (ps)", "unchanged", "ps");
  line("memory (PSS) of the daemon, MB", "memory");
  return samples;
}
