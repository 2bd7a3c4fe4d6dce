/** The output of services: one file a slot, kept within its bound by one timer, read and followed. */
import { join } from "node:path";
import type { Clock } from "../../clock.ts";
import type { LogLine, LogOptions } from "../runtime.ts";
import { boundLog } from "./log_bound.ts";
import { logLine, readFrom, readTail } from "./log_file.ts";

/** Looked at this often: at 10 MB/s, the most a board's card takes, a file is at most twice its bound. */
const BOUND_EVERY_MS = 1000;
const FOLLOW_EVERY_MS = 250;

export class Output {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #followers = new Set<{ path: string; offset: number }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** The file that a slot's output goes to, in a folder that exists afterwards. */
  async fileFor(workload: string, slot: number): Promise<string> {
    await Deno.mkdir(join(this.#folder, workload), { recursive: true, mode: 0o750 });
    return this.#path(workload, slot);
  }

  /** From now on the files of these slots are kept within their bound. `live` is asked at each look. */
  keepBounded(live: () => Iterable<{ workload: string; slot: number }>): void {
    const look = async () => {
      for (const { workload, slot } of live()) {
        const path = this.#path(workload, slot);
        const cut = await boundLog(path).catch(() => 0);
        for (const one of this.#followers) if (one.path === path) one.offset = Math.max(0, one.offset - cut);
      }
      if (!this.#closed) again();
    };
    const again = () => {
      const timer = setTimeout(look, BOUND_EVERY_MS);
      Deno.unrefTimer(timer);
      this.#timer = timer;
    };
    again();
  }

  async *read(workload: string, { tail, follow, signal }: LogOptions): AsyncGenerator<LogLine> {
    const followed = new Map<number, { path: string; offset: number }>();
    try {
      for (const slot of await this.#slots(workload)) {
        const { lines, end } = await readTail(this.#path(workload, slot), tail);
        const follower = { path: this.#path(workload, slot), offset: end };
        followed.set(slot, follower);
        this.#followers.add(follower);
        for (const text of lines) yield logLine(slot, text);
      }
      while (follow && signal?.aborted !== true) {
        for (const slot of await this.#slots(workload)) {
          const follower = followed.get(slot) ?? { path: this.#path(workload, slot), offset: 0 };
          followed.set(slot, follower);
          this.#followers.add(follower);
          const { lines, end } = await readFrom(follower.path, follower.offset);
          follower.offset = end;
          for (const text of lines) yield logLine(slot, text);
        }
        await this.#clock.sleep(FOLLOW_EVERY_MS, signal).catch(() => {});
      }
    } finally {
      for (const follower of followed.values()) this.#followers.delete(follower);
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #slots(workload: string): Promise<number[]> {
    try {
      const entries = await Array.fromAsync(Deno.readDir(join(this.#folder, workload)));
      return entries.flatMap(({ name }) => /^\d+\.log$/.test(name) ? [Number.parseInt(name)] : []).sort((a, b) =>
        a - b
      );
    } catch {
      return [];
    }
  }

  #path(workload: string, slot: number): string {
    return join(this.#folder, workload, `${slot}.log`);
  }
}
