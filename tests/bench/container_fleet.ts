/** A device with many containers of one image, made by our own daemon, in a folder that is gone afterwards. */
import { join } from "node:path";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { freePort } from "../support/demo_daemon.ts";
import { busyboxImage, dockerCall } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { tempDir } from "../support/temp.ts";
import { daemonCommand } from "./peer_harbornode.ts";

/** Some hundred milliseconds each, on a machine that is busy with nothing else. */
const START_DEADLINE_MS = 1_200_000;
/** So many are removed at the same time. */
const AT_ONCE = 8;

export interface Container {
  id: string;
  /** Of its process; 0 when it does not run. */
  pid: number;
}

export class ContainerFleet implements AsyncDisposable {
  readonly count: number;
  readonly config: string;
  readonly #command: string[];
  readonly #port: number;
  readonly #stack: AsyncDisposableStack;
  #daemon: Deno.ChildProcess | null = null;
  #deviceId = "";

  private constructor({ count, config, command, port, stack }: {
    count: number;
    config: string;
    command: string[];
    port: number;
    stack: AsyncDisposableStack;
  }) {
    [this.count, this.config, this.#command, this.#port, this.#stack] = [count, config, command, port, stack];
  }

  /** Returns when all of them run. `executable` null: from source. */
  static async start(count: number, executable: string | null): Promise<ContainerFleet> {
    await using stack = new AsyncDisposableStack();
    const { path: root } = stack.use(await tempDir());
    const image = stack.use(await busyboxImage());
    const repository = await GitRepository.create(join(root, "repository"));
    for (let index = 0; index < count; index++) {
      const name = `bench-${crypto.randomUUID().slice(0, 8)}-${index}`;
      await repository.write(`deployments/${name}.toml`, `image = "${image.name}"\nstop_timeout = "100ms"\n`);
    }
    await repository.commit("Many containers");
    const [config, port] = [join(root, "config.toml"), await freePort()];
    const lines = [
      'device = "bench"',
      'listen_address = "127.0.0.1"',
      `listen_port = ${port}`,
      `data_dir = "${join(root, "data")}"`,
      "[repo]",
      `url = "${repository.dir}"`,
      "[log]",
      'level = "warning"',
      "",
    ];
    await Deno.writeTextFile(config, lines.join("\n"));
    const command = daemonCommand(executable);
    const fleet = new ContainerFleet({ count, config, command, port, stack: stack.move() });
    try {
      fleet.launch();
      await fleet.allRun({ deadlineMs: START_DEADLINE_MS, everyMs: 1000 });
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
    return fleet;
  }

  get daemonPid(): number {
    return this.#daemon!.pid;
  }

  get deviceId(): string {
    return this.#deviceId;
  }

  launch(): void {
    const [program, ...args] = [...this.#command, "run", "--config", this.config];
    this.#daemon = new Deno.Command(program!, { args, stdin: "null", stdout: "null", stderr: "inherit" }).spawn();
  }

  /** The containers go on. */
  async kill(): Promise<void> {
    this.#daemon?.kill("SIGKILL");
    await this.#daemon?.status;
    this.#daemon = null;
  }

  /** Returns when the daemon's status shows every one of them running. */
  async allRun({ deadlineMs, everyMs }: { deadlineMs: number; everyMs: number }): Promise<void> {
    await eventually("all containers run", async () => {
      const answer = await fetch(`http://127.0.0.1:${this.#port}/api/v1/status`);
      const { device, workloads } = await answer.json() as Snapshot;
      this.#deviceId = device.id;
      const running = workloads.filter((workload) => workload.phase === "running" && workload.instances.length === 1);
      return running.length === this.count;
    }, { deadlineMs, everyMs });
  }

  /** As Docker lists those of the device, whatever their state; in the order of their ids. */
  async containers(): Promise<Container[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [`harbornode.device=${this.#deviceId}`] }));
    const { text } = await dockerCall(`/containers/json?all=1&filters=${filters}`);
    const found: Container[] = [];
    for (const { Id: id } of JSON.parse(text) as { Id: string }[]) {
      const inspected = JSON.parse((await dockerCall(`/containers/${id}/json`)).text) as { State: { Pid: number } };
      found.push({ id, pid: inspected.State.Pid });
    }
    return found.sort((a, b) => a.id < b.id ? -1 : 1);
  }

  /** Ends the daemon and removes all that is labelled as the device's. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    const ids = this.#deviceId === "" ? [] : (await this.containers()).map((container) => container.id);
    const remove = async () => {
      for (let id; (id = ids.pop()) !== undefined;) {
        await dockerCall(`/containers/${id}?force=1`, { method: "DELETE" });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, remove));
    if (this.#deviceId !== "" && Deno.uid() === 0) {
      await Deno.remove(`/run/harbornode/${this.#deviceId}`, { recursive: true }).catch(() => {});
    }
    await this.#stack.disposeAsync();
  }
}
