/**
 * The one probe for all supervisors: services write a line into a named pipe as the first thing they do. No process is
 * started for it and nothing is polled, so that what is measured is the supervisor.
 */
import { join } from "node:path";

export interface Announcement {
  service: string;
  pid: number;
  word: "up" | "begin" | "end";
  /** By `performance.now()`, when the line was read. */
  at: number;
}

export class Announcements implements AsyncDisposable {
  readonly path: string;
  readonly all: Announcement[] = [];
  readonly #file: Deno.FsFile;
  readonly #end: Deno.FsFile;
  readonly #reading: Promise<void>;
  #heard: () => void = () => {};
  #closed = false;

  private constructor(path: string, { file, end }: { file: Deno.FsFile; end: Deno.FsFile }) {
    this.path = path;
    this.#file = file;
    this.#end = end;
    this.#reading = this.#read();
  }

  static async open(directory: string): Promise<Announcements> {
    const path = await makePipe(join(directory, "announcements"));
    // For both ways: reading then never meets an end of file, and opening does not wait for a writer.
    const file = await Deno.open(path, { read: true, write: true });
    return new Announcements(path, { file, end: await Deno.open(path, { write: true }) });
  }

  /** The first announcement after `since` that the claim is true of. Throws at the deadline. */
  async first(
    claim: (announcement: Announcement) => boolean,
    { since, deadlineMs }: { since: number; deadlineMs: number },
  ): Promise<Announcement> {
    const end = performance.now() + deadlineMs;
    while (true) {
      const found = this.all.find((announcement) => announcement.at >= since && claim(announcement));
      if (found !== undefined) return found;
      await this.#next(end - performance.now());
    }
  }

  /** Waits until each of the services has said `up` since then; returns when the last one did. */
  async allUp(services: string[], { since, deadlineMs }: { since: number; deadlineMs: number }): Promise<number> {
    const missing = new Set(services);
    const end = performance.now() + deadlineMs;
    let last = since;
    for (let index = 0; missing.size > 0; index++) {
      while (index >= this.all.length) {
        await this.#next(end - performance.now()).catch((error) => {
          throw new Error(`${error.message}; ${missing.size} of ${services.length} services are not up`);
        });
      }
      const one = this.all[index]!;
      if (one.at >= since && one.word === "up" && missing.delete(one.service)) last = one.at;
    }
    return last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    // The read that is under way ends by nothing but something to read, and holds its file until then.
    await this.#end.write(new TextEncoder().encode("\n"));
    await this.#reading;
    this.#file.close();
    this.#end.close();
  }

  async #next(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#heard = resolve;
        timer = setTimeout(() => reject(new Error("no service said what was waited for")), Math.max(0, ms));
      });
    } finally {
      clearTimeout(timer);
      this.#heard = () => {};
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    const decoder = new TextDecoder();
    let rest = "";
    while (!this.#closed) {
      const size = await this.#file.read(buffer);
      const at = performance.now();
      const lines = (rest + decoder.decode(buffer.subarray(0, size ?? 0), { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const [service, pid, word] = line.split(" ");
        if (word !== undefined) {
          this.all.push({ service: service!, pid: Number(pid), word: word as Announcement["word"], at });
        }
      }
      this.#heard();
    }
  }
}

/** Every user may write to it: a supervisor may run services as somebody else. */
export async function makePipe(path: string): Promise<string> {
  const { success } = await new Deno.Command("mkfifo", { args: ["-m", "0666", path], stderr: "inherit" }).output();
  if (!success) throw new Error(`cannot make the pipe "${path}"`);
  return path;
}
