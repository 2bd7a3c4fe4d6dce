/** A native runtime on throw-away folders, and an end that leaves no process. */
import { join } from "node:path";
import { type Clock, systemClock } from "../../../src/clock.ts";
import type { NativeWorkload } from "../../../src/model/workload.ts";
import type { SandboxOptions } from "../../../src/runtime/native/sandbox/sandbox_options.ts";
import { ControlGroups } from "../../../src/runtime/native/sandbox/control_groups.ts";
import { ArtifactStore } from "../../../src/runtime/native/artifact/artifact_store.ts";
import { type NativeRuntime, openNativeRuntime } from "../../../src/runtime/native/native_runtime.ts";
import { libc } from "../../../src/os/libc.ts";
import { killTree } from "../../../src/runtime/native/process/kill_tree.ts";
import { readRecords, readShim } from "../../../src/runtime/native/instance_record.ts";
import { readShimJournal } from "../../../src/runtime/native/shim_journal.ts";
import { eventually } from "../../support/eventually.ts";
import { native } from "../../support/workload.ts";
import { tempDir } from "../../support/temp.ts";

// Loaded before a test begins: the C library stays for the life of the process, and is no leak of the first test.
libc();

export interface NativeDevice extends AsyncDisposable {
  root: string;
  runDir: string;
  runtime: NativeRuntime;
  /** As when the first daemon is gone: nothing is told to it any more. */
  leave(): Promise<void>;
  /** Another daemon over the same folders; closed at the end. */
  reopen(clock?: Clock): Promise<NativeRuntime>;
}

/** As the settings are when nobody changed them, but for an owner who allows root. */
export const BOUNDS: Omit<SandboxOptions, "stateDir"> = {
  uidRange: { from: 64_000, to: 64_999 },
  policy: { allowRoot: true, allowGroups: [] },
};

export async function nativeDevice(bounds: Partial<SandboxOptions> = {}): Promise<NativeDevice> {
  const dir = await tempDir();
  const runDir = join(dir.path, "run");
  // Of its own: a device removes the control groups that bear its id and hold nothing yet.
  const deviceId = crypto.randomUUID();
  const open = (clock: Clock = systemClock) =>
    openNativeRuntime({
      runDir,
      logDir: join(dir.path, "logs"),
      credentialsDir: join(dir.path, "credentials"),
      stateDir: join(dir.path, "services"),
      artifacts: new ArtifactStore({ dir: join(dir.path, "artifacts"), diskReserveBytes: 0, clock: systemClock }),
      deviceId,
      clock,
      ...BOUNDS,
      ...bounds,
    });
  const opened = [await open()];
  return {
    root: dir.path,
    runDir,
    runtime: opened[0]!,
    async leave() {
      await opened.shift()!.close();
    },
    async reopen(clock?: Clock) {
      const runtime = await open(clock);
      opened.push(runtime);
      return runtime;
    },
    async [Symbol.asyncDispose]() {
      for (const { record, directory } of await readRecords(runDir)) {
        const [{ service }, shim] = [await readShimJournal(directory), await readShim(directory)];
        await killTree({ id: record.id, service, shim, cgroup: record.cgroup });
      }
      // The runtime that started them must see their end, or its watch on them would outlive the test.
      for (const runtime of opened) {
        await eventually("every instance has ended", async () => {
          const observation = await runtime.observe();
          return observation.ok &&
            observation.instances.every((instance) => instance.state === "exited" || instance.state === "created");
          // One that is closed already sees nothing any more.
        }, { deadlineMs: runtime === opened.at(-1) ? 60_000 : 500 }).catch(() => {});
        await runtime.close();
      }
      await new ControlGroups(deviceId).clean(new Set());
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** As root where the tests run as root: they write into folders of their own. */
export function nativeWorkload(fields: Partial<NativeWorkload> & { command: string[] }): NativeWorkload {
  return native({ user: Deno.uid() === 0 ? "root" : null, ...fields });
}
