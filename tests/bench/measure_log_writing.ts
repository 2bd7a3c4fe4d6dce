import { join } from "node:path";
import { Announcements, makePipe } from "./announcements.ts";
import type { Samples } from "./figure.ts";
import type { Peer } from "./peer.ts";
import { writingService } from "./service.ts";
import { withServices } from "./site.ts";
import { median } from "./summary.ts";

const TURNS = 5;
const DEADLINE_MS = 120_000;

/**
 * A program writes to its standard output under the supervisor, and the same program straight into a file beside it;
 * in turns, so that both meet the same disk. The median of the turns' ratios of the two times.
 */
export async function measureLogWriting(peer: Peer, bytes: number): Promise<Samples> {
  let go = "";
  return await withServices(peer, async (stage) => {
    go = await makePipe(join(stage.root, "go"));
    return [await writingService(stage, "writer", { go, bytes })];
  }, async ({ root, announcements }) => {
    const ratios: number[] = [];
    await using direct = await PlainWriter.start(join(root, "plain"), bytes);
    for (let turn = 0; turn < TURNS; turn++) {
      const plain = await writeOnce(direct.announcements, direct.go);
      await direct.empty();
      ratios.push(await writeOnce(announcements, go) / plain);
    }
    return { log_ratio: median(ratios) };
  });
}

async function writeOnce(announcements: Announcements, go: string): Promise<number> {
  // What earlier turns left to be written must not be waited for in this one.
  await new Deno.Command("sync").output();
  const since = performance.now();
  await Deno.writeTextFile(go, "go\n");
  const of = (word: string) =>
    announcements.first((announcement) => announcement.word === word, { since, deadlineMs: DEADLINE_MS }).then((
      announcement,
    ) => announcement.at);
  const begin = await of("begin");
  return await of("end") - begin;
}

/** The program with no supervisor, its standard output a file that it appends to. */
class PlainWriter implements AsyncDisposable {
  readonly announcements: Announcements;
  readonly go: string;
  readonly #child: Deno.ChildProcess;
  readonly #file: string;

  private constructor(announcements: Announcements, { go, file, child }: {
    go: string;
    file: string;
    child: Deno.ChildProcess;
  }) {
    this.announcements = announcements;
    this.go = go;
    this.#file = file;
    this.#child = child;
  }

  static async start(root: string, bytes: number): Promise<PlainWriter> {
    await Deno.mkdir(root);
    const announcements = await Announcements.open(root);
    const go = await makePipe(join(root, "go"));
    const { program } = await writingService({ root, pipe: announcements.path }, "plain", { go, bytes });
    const file = join(root, "plain.log");
    const args = ["-c", `exec "${program}" >>"${file}"`];
    const child = new Deno.Command("sh", { args, stdin: "null" }).spawn();
    const writer = new PlainWriter(announcements, { go, file, child });
    await announcements.allUp(["plain"], { since: 0, deadlineMs: DEADLINE_MS });
    return writer;
  }

  async empty(): Promise<void> {
    await Deno.truncate(this.#file, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.announcements[Symbol.asyncDispose]();
  }
}
