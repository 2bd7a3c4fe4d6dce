import { Announcements } from "./announcements.ts";
import { endAll, MARK } from "./process_table.ts";
import { idleService } from "./service.ts";
import { median } from "./summary.ts";

const TIMES = 30;

/** What no supervisor can do without: from the start of a service's program to its first line, in ms. */
export async function measureFloor(): Promise<number> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "supervision-bench-" }));
  try {
    await using announcements = await Announcements.open(root);
    const { name, program } = await idleService({ root, pipe: announcements.path }, "floor");
    const taken: number[] = [];
    for (let time = 0; time < TIMES; time++) {
      const since = performance.now();
      const child = new Deno.Command(program, { env: { [MARK]: root }, stdin: "null" }).spawn();
      taken.push(await announcements.allUp([name], { since, deadlineMs: 10_000 }) - since);
      child.kill("SIGKILL");
      await child.status;
    }
    return median(taken);
  } finally {
    await endAll(root);
    await Deno.remove(root, { recursive: true });
  }
}
