/** The most memory that processes had, by looking at them again and again. */

/** A look costs less than a millisecond, and what is shorter than this needs little. */
const LOOK_MS = 10;

/** What the kernel itself remembers of the largest process, however short its peak was. */
export class PeakMemory implements AsyncDisposable {
  /** Of the largest process. */
  largestKiB = 0;
  /** Of all at one moment. */
  togetherKiB = 0;
  #over = false;
  readonly #looking: Promise<void>;

  private constructor(readonly pid: number, readonly itselfToo: boolean) {
    this.#looking = this.#look();
  }

  /** Of what the process has started and will start. */
  static below(pid: number, { itselfToo = false }: { itselfToo?: boolean } = {}): PeakMemory {
    return new PeakMemory(pid, itselfToo);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#looking;
  }

  async #look(): Promise<void> {
    while (!this.#over) {
      const pids = [...(this.itselfToo ? [this.pid] : []), ...await descendants(this.pid)];
      const sizes = await Promise.all(pids.map((pid) => memoryKiB(pid)));
      this.largestKiB = Math.max(this.largestKiB, ...sizes.map(({ peak }) => peak));
      this.togetherKiB = Math.max(this.togetherKiB, sizes.reduce((sum, { now }) => sum + now, 0));
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

export async function residentKiB(pid: number): Promise<number> {
  return (await memoryKiB(pid)).now;
}

async function memoryKiB(pid: number): Promise<{ now: number; peak: number }> {
  const text = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

async function descendants(pid: number): Promise<number[]> {
  const found: number[] = [];
  try {
    for await (const task of Deno.readDir(`/proc/${pid}/task`)) {
      const text = await Deno.readTextFile(`/proc/${pid}/task/${task.name}/children`).catch(() => "");
      for (const word of text.split(" ").filter((one) => one !== "")) {
        found.push(Number(word), ...await descendants(Number(word)));
      }
    }
  } catch {
    // It has ended.
  }
  return found;
}
