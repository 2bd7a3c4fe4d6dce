/**
 * A scope of systemd's, in which the control groups of instances are made where systemd is the init system. They cannot
 * be below the daemon's own unit: a group that gives controllers to those below it must not have a process of its own,
 * so systemd could not put the next daemon into the unit as long as an instance runs (it fails with 219/CGROUP).
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { enableControllers } from "./cgroup_mount.ts";
import { exists } from "../../../os/exists.ts";
import { findTool, requireTool } from "../../../os/tool.ts";

/** Slow boards at boot; after it instances are started without limits, and say so. */
const DEADLINE_MS = 10_000;
const SLICE = "system.slice";
const LEAF = "harbornode-keeper";

/** Says that it is there, and ends when the other side of its input does. */
const KEEPER = ["/bin/sh", "-c", "echo ready; read -r _"];

/**
 * systemd ends a scope when its last process ends. Until the first instance is in it, and between two, the daemon holds
 * one in it: the keeper, which ends with the daemon.
 */
export class SystemdScope {
  readonly #unit: string;
  /** There or not. */
  readonly directory: string;
  #keeper: ChildProcess | null = null;
  #opening: Promise<boolean> = Promise.resolve(false);

  constructor(deviceId: string, mount: string) {
    this.#unit = `harbornode-${deviceId}.scope`;
    this.directory = join(mount, SLICE, this.#unit);
  }

  /** Its control group, with the device's controllers for those below; null when systemd gave none. */
  async group(): Promise<string | null> {
    this.#opening = this.#opening.then(() => this.#open());
    return await this.#opening ? this.directory : null;
  }

  /** Lets go of it. It stays as long as an instance runs in it. */
  async close(): Promise<void> {
    await this.#opening;
    this.#keeper?.stdin?.end();
  }

  async #open(): Promise<boolean> {
    const there = await exists(this.directory);
    const kept = this.#keeper?.exitCode === null && this.#keeper.signalCode === null;
    if (there && kept) return true;
    const systemd = await findTool("systemd-run");
    if (systemd === null) return false;
    const keeper = spawn(await requireTool("setsid"), [...(there ? [] : this.#scopeWords(systemd)), ...KEEPER], {
      env: {},
      stdio: ["pipe", "pipe", "ignore"],
    });
    keeper.unref();
    if (!await isReady(keeper) || keeper.pid === undefined || !await exists(this.directory)) {
      keeper.kill("SIGKILL");
      return false;
    }
    this.#keeper = keeper;
    return await enableControllers(this.directory, { pid: keeper.pid, name: LEAF });
  }

  #scopeWords(systemd: string): string[] {
    const properties = [
      "Delegate=yes",
      // At a shutdown the daemon ends first: it stops them in order, and starts none again that systemd stops.
      "Before=harbornode.service",
      "TimeoutStopSec=10s",
      // Else systemd bounds all of them together, by default to a thousand or so on a small board.
      "TasksMax=infinity",
    ];
    const unit = [`--unit=${this.#unit}`, `--slice=${SLICE}`, "--description=Services of HarborNode"];
    return [
      systemd,
      "--scope",
      "--quiet",
      "--collect",
      ...unit,
      ...properties.flatMap((property) => ["-p", property]),
      "--",
    ];
  }
}

function isReady(keeper: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), DEADLINE_MS);
    const end = (ready: boolean) => {
      clearTimeout(late);
      keeper.stdout?.destroy();
      resolve(ready);
    };
    keeper.stdout?.once("data", () => end(true));
    keeper.once("error", () => end(false));
    keeper.once("exit", () => end(false));
  });
}
