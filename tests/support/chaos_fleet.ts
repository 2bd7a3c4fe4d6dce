/** The services that the chaos tests push: what the last push asks for, and random changes of it. */
import { join } from "node:path";
import type { Phase } from "../../src/model/snapshot.ts";
import type { Random } from "./chaos_random.ts";
import type { GitRepository } from "./git_repository.ts";

/** How a service lives, and how it is shown once nothing changes any more. */
export const KINDS = {
  steady: "running",
  /** Its program is a file of its folder. */
  files: "running",
  /** Ignores SIGTERM. */
  stubborn: "running",
  /** Has a child in its session and one that left it. */
  forks: "running",
  /** Exits with 7 after a moment, and is not to be started again. */
  ends: "failed",
  /** Exits with 7 twice, then with 0. */
  recovers: "completed",
} as const satisfies Record<string, Phase>;

export type Kind = keyof typeof KINDS;

export interface ChaosService {
  name: string;
  kind: Kind;
  /** Grows with every change that needs a new instance, over all services: no two contents have the same. */
  version: number;
  replicas: number;
}

/**
 * What all of them run. fd 9 holds the lock of the slot, for as long as whoever inherited it lives: who does not get
 * it is a second instance of its slot. The last words are written before the exit.
 */
const PROGRAM =
  `say() { echo "$1 $HARBORNODE_WORKLOAD $HARBORNODE_SLOT $VERSION $HARBORNODE_INSTANCE $2" >>"$CHAOS/journal"; }
exec 9>>"$CHAOS/locks/$HARBORNODE_WORKLOAD.$HARBORNODE_SLOT"
flock -n 9 || { say double 99; exit 99; }
say begin -
case $1 in
stubborn) trap '' TERM; exec sleep 3600 ;;
forks) sleep 3600 & setsid sleep 3600 & exec sleep 3600 ;;
ends) sleep "$PAUSE" 9>&-; say end 7; exit 7 ;;
recovers)
  tries=$STATE_DIRECTORY/tries.$HARBORNODE_SLOT.$VERSION
  echo >>"$tries"
  sleep "$PAUSE" 9>&-
  [ "$(wc -l <"$tries")" -gt 2 ] || { say end 7; exit 7; }
  say end 0; exit 0 ;;
*) exec sleep 3600 ;;
esac
`;

/** As many services at once, and never below: more than a few removals in one look at the repository would be held. */
const SIZE = { most: 22, least: 18 };

export class Fleet {
  readonly services = new Map<string, ChaosService>();
  readonly #root: string;
  readonly #repository: GitRepository;
  readonly #random: Random;
  #versions = 0;
  #names = 0;

  constructor(root: string, { repository, random }: { repository: GitRepository; random: Random }) {
    this.#root = root;
    this.#repository = repository;
    this.#random = random;
  }

  /** Writes the program and the first 20 services, of every kind. Returns the commit id. */
  async begin(): Promise<string> {
    // Services may run as users of their own.
    await Deno.chmod(this.#root, 0o755);
    await Deno.mkdir(join(this.#root, "locks"));
    await Deno.chmod(join(this.#root, "locks"), 0o777);
    await Deno.writeTextFile(join(this.#root, "journal"), "");
    await Deno.chmod(join(this.#root, "journal"), 0o666);
    await Deno.writeTextFile(join(this.#root, "program.sh"), PROGRAM, { mode: 0o755 });
    const kinds = Object.keys(KINDS) as Kind[];
    for (let count = 0; count < 20; count++) await this.#add(kinds[count % kinds.length]!);
    return await this.#repository.commit("Begin");
  }

  /** One commit with up to four random changes; none at all now and then. */
  async push(): Promise<{ commit: string; changes: string[] }> {
    const changes: string[] = [];
    for (let count = this.#random.whole(0, 4); count > 0; count--) changes.push(await this.#change());
    return { commit: await this.#repository.commit(changes.join(", ") || "Nothing"), changes };
  }

  async #change(): Promise<string> {
    const one = this.#random.pick([...this.services.values()]);
    const what = this.#random.pick(["content", "content", "content", "replicas", "add", "remove"]);
    if (what === "add" && this.services.size < SIZE.most) {
      return `add ${await this.#add(this.#random.pick(Object.keys(KINDS) as Kind[]))}`;
    }
    if (what === "remove" && this.services.size > SIZE.least) {
      this.services.delete(one.name);
      await this.#repository.remove(one.kind === "files" ? `services/${one.name}` : `services/${one.name}.toml`);
      return `remove ${one.name}`;
    }
    // One that ends is started once for each content: another replica later would be a second start.
    if (what === "replicas" && one.kind !== "ends") one.replicas = this.#random.whole(1, 3);
    else one.version = ++this.#versions;
    await this.#write(one);
    return `${one.name}: version ${one.version}, ${one.replicas} replicas`;
  }

  /** Names come back after a removal, as a person's would: there are only so many. */
  async #add(kind: Kind): Promise<string> {
    let name: string;
    do name = `${kind}-${++this.#names % 30}`; while (this.services.has(name));
    const one: ChaosService = { name, kind, version: ++this.#versions, replicas: 1 };
    this.services.set(name, one);
    await this.#write(one);
    return name;
  }

  async #write({ name, kind, version, replicas }: ChaosService): Promise<void> {
    const program = `${this.#root}/program.sh`;
    const inFolder = kind === "files";
    const manifest = [
      inFolder ? 'command = ["./run.sh"]' : `command = ["/bin/sh", "${program}", "${kind}"]`,
      `replicas = ${replicas}`,
      ...(kind === "ends" ? ['restart = "never"'] : kind === "recovers" ? ['restart = "on-failure"'] : []),
      `stop_timeout = "${kind === "stubborn" ? "200ms" : "5s"}"`,
      "[env]",
      `CHAOS = "${this.#root}"`,
      ...(inFolder ? [] : [`VERSION = "${version}"`]),
      `PAUSE = "${(0.05 + version % 15 / 10).toFixed(2)}"`,
      "",
    ].join("\n");
    if (!inFolder) return await this.#repository.write(`services/${name}.toml`, manifest);
    await this.#repository.write(`services/${name}/service.toml`, manifest);
    await this.#repository.write(`services/${name}/version`, `${version}`);
    const run = `#!/bin/sh\nread -r VERSION <version; export VERSION\nexec /bin/sh ${program} ${kind}\n`;
    await this.#repository.write(`services/${name}/run.sh`, run, { executable: true });
  }
}
