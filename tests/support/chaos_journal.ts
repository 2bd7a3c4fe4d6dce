/** What the services of a chaos test wrote down of themselves, and the laws that hold for it whatever was killed. */
import { join } from "node:path";

export interface Entry {
  event: "begin" | "end" | "double";
  workload: string;
  slot: number;
  version: number;
  /** The instance's id. */
  id: string;
  /** At its end; null before. */
  exitCode: number | null;
}

export async function readJournal(root: string): Promise<Entry[]> {
  const text = await Deno.readTextFile(join(root, "journal"));
  return text.split("\n").slice(0, -1).map((line) => {
    const [event, workload, slot, version, id, code] = line.split(" ") as [Entry["event"], ...string[]];
    return {
      event,
      workload: workload!,
      slot: Number(slot),
      version: Number(version),
      id: id!,
      exitCode: code === "-" ? null : Number(code),
    };
  });
}

/** The last begin of every slot, with its end if it wrote one; by "workload[slot]". */
export function lastLives(journal: readonly Entry[]): Map<string, Entry> {
  const lives = new Map<string, Entry>();
  for (const entry of journal) {
    const slot = slotOf(entry);
    if (entry.event === "begin" || lives.get(slot)?.id === entry.id) lives.set(slot, entry);
  }
  return lives;
}

export function slotOf({ workload, slot }: { workload: string; slot: number }): string {
  return `${workload}[${slot}]`;
}

/** Every broken law as a sentence. */
export function brokenLaws(journal: readonly Entry[]): string[] {
  const broken: string[] = [];
  const newest = new Map<string, number>();
  const begun = new Set<string>();
  for (const { event, workload, slot, version, id } of journal) {
    if (event === "double") broken.push(`${id} began while another instance held ${workload}[${slot}]`);
    if (event !== "begin") continue;
    // Of each slot: the others may still be what they were while one is replaced.
    const place = slotOf({ workload, slot });
    const before = newest.get(place) ?? 0;
    if (version < before) broken.push(`${id} began with version ${version} after version ${before}`);
    newest.set(place, Math.max(before, version));
    const life = `${workload}[${slot}] version ${version}`;
    if (workload.startsWith("ends-") && begun.has(life)) {
      broken.push(`${id} began a second ${life}, which is never to be started again`);
    }
    begun.add(life);
  }
  return broken;
}
