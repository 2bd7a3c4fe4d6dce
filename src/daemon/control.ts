/** What the page may see and what the control socket may do, as functions over the device. */
import { Failure } from "../failure.ts";
import type { AppDeps } from "../http/app.ts";
import type { ControlDeps, SyncOutcome } from "../http/control.ts";
import type { WebhookDeps } from "../http/webhook/webhook.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { LogLine, LogOptions } from "../runtime/runtime.ts";
import { addEvent, type Device, subscribe, tell } from "./device.ts";
import { down } from "./owner/down.ts";
import { hold, release, start } from "./owner/hold.ts";
import { restart } from "./owner/restart.ts";
import { unknown, workloadNamed } from "./owner/workload_named.ts";
import { acceptRevision } from "./revision/accept.ts";
import { tryNotify } from "./notify/try.ts";
import { previewPlan } from "./revision/preview.ts";
import { rollBack } from "./owner/rollback.ts";
import type { Reloads } from "./process/reloads.ts";
import { withDoubt } from "./process/saving.ts";
import { takeSnapshot } from "./report.ts";
import { outcome } from "./settle.ts";

/** Reading, and one door: a webhook that asks for an earlier look. */
export function pageDeps(device: Device): AppDeps {
  return {
    snapshot: () => current(device),
    subscribe: (listener) => subscribe(device, listener),
    usage: (name) => device.usage.series(name),
    logs: (name, options) => logs(device, { name, options }),
    webhook: webhookDeps(device),
    ready: () =>
      device.desired === null
        ? { ok: false, message: device.sourceStatus.error?.message ?? "the first revision is not here yet" }
        : { ok: true, message: "ready" },
  };
}

function webhookDeps(device: Device): WebhookDeps {
  const { settings, source, clock, deliveries } = device;
  return {
    ...settings.webhook,
    followed: source.ref,
    repositoryUrl: source.url,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    wake: () => device.syncWake.now(),
    sync: (options) => sync(device, { ...options, force: false }),
    deliveries: {
      has: (once) => deliveries.has(once),
      add(delivery, once) {
        deliveries.add(delivery, once);
        tell(device);
      },
    },
  };
}

/** For root and the group of the socket. */
export function controlDeps(device: Device, reloads: Reloads | null = null): ControlDeps {
  return {
    snapshot: () => current(device),
    logs: (name, options) => logs(device, { name, options }),
    sync: (options) => sync(device, options),
    plan: () => previewPlan(device),
    restart: (name) => restart(device, name),
    rollBack: async (options) => {
      workloadNamed(device, options.name);
      return withDoubt(device, await rollBack(device, options));
    },
    hold: async (request) =>
      withDoubt(device, await (request.action === "start" ? start(device, request) : hold(device, request))),
    release: async (name) => withDoubt(device, await release(device, name)),
    confirmPrune: (revision) => confirmPrune(device, revision),
    accept: async (revision) => withDoubt(device, await acceptRevision(device, revision)),
    tryNotify: () => tryNotify(device),
    reload: () => reloads === null ? neverReloads() : reloads.ask(),
    reloadEnd: (number) => reloads?.end(number) ?? null,
    down: (options) => down(device, options),
  };
}

function neverReloads(): never {
  throw new Failure("this daemon can not read its settings again", {
    kind: "refused",
    reason: "internal_error",
    hint: "stop it, and start it again",
  });
}

/** Numbers that move without a change (uptime, use) are made fresh; the rest is as the last pass saw it. */
function current(device: Device): Snapshot {
  const { snapshot } = device;
  if (snapshot === null) return takeSnapshot(device);
  const fresh = takeSnapshot(device);
  return { ...fresh, workloads: snapshot.workloads.map((one) => device.usage.withLatest(one)) };
}

function logs(device: Device, { name, options }: { name: string; options: LogOptions }): AsyncIterable<LogLine> {
  const workload = device.plan.workloads.find((one) => one.name === name);
  const runtime = workload?.spec === undefined || workload.spec === null
    ? undefined
    : device.runtimes.get(workload.spec.runtime);
  if (runtime === undefined) return unknown(device, name);
  const instances = device.observations.flatMap((one) => one.ok ? one.instances : []);
  const former = instances.find((one) => one.workload === name)?.formerName;
  return runtime.logs(former ?? name, options);
}

/** For exactly the revision that asks for it: with the next one, everything is looked at anew. */
async function confirmPrune(device: Device, revision: string | null): Promise<string[]> {
  const held = device.plan.pruneHeld;
  if (held === null || device.desired === null) return [];
  const asking = device.desired.revision;
  if (revision !== null && !asking.startsWith(revision)) {
    throw new Failure(`the removal that waits is of revision ${asking.slice(0, 7)}, not of "${revision}"`, {
      kind: "mistake",
      reason: "prune_held",
      hint: 'look at what it removes now: "harbornode status"',
    });
  }
  if (device.desired.invalid.length > 0) {
    throw new Failure(held.message, {
      kind: "mistake",
      reason: "prune_held",
      hint: "mend the manifest, or take it out of the repository; then confirm",
    });
  }
  device.sourceMemory.pruneConfirmed = device.desired.revision;
  addEvent(device, { workload: null, reason: "forced", message: `removal of ${held.names.join(", ")} was confirmed` });
  device.wake.now();
  return await Promise.resolve(held.names);
}

/** A look at the repository that begins after the call; with `wait`, until everything has come to rest. */
async function sync(
  device: Device,
  { wait, force, progress, signal }: {
    wait: boolean;
    force: boolean;
    progress(message: string): void;
    signal: AbortSignal;
  },
): Promise<SyncOutcome> {
  // A look that is under way may have read the branch before the caller's push: the one after it counts.
  const target = device.looksEnded + (device.looking ? 2 : 1);
  if (force) device.processing.allowAgain();
  device.syncWake.now();
  let last = "";
  return await new Promise<SyncOutcome>((resolve, reject) => {
    const end = AbortSignal.any([signal, device.stopped]);
    const look = () => {
      if (device.looksEnded < target) return say(device.sourceStatus.progress ?? "looking at the repository");
      if (force) waitForNoWindow(device);
      for (const work of device.busy.values()) if (work.progress !== null) say(work.progress);
      const done = wait ? outcome(device) : looked(device);
      if (done === null) return device.busy.size > 0 ? undefined : say(watched(device));
      leave();
      resolve(done);
    };
    const say = (message: string) => {
      if (message === last) return;
      last = message;
      progress(message);
    };
    const abort = () => {
      leave();
      reject(end.reason);
    };
    const unsubscribe = subscribe(device, look);
    const leave = () => {
      unsubscribe();
      end.removeEventListener("abort", abort);
    };
    end.addEventListener("abort", abort);
    look();
  });
}

/** Of the revision that is here now. Written down with the next look at the repository, or what is applied of it. */
function waitForNoWindow(device: Device): void {
  const { desired, sourceMemory } = device;
  if (desired === null || sourceMemory.windowsOpenFor === desired.revision) return;
  sourceMemory.windowsOpenFor = desired.revision;
  const message = `revision ${
    desired.revision.slice(0, 7)
  } waits for no maintenance window: that was asked for on the device`;
  addEvent(device, { workload: null, reason: "forced", message });
  // What was planned before does not count any more.
  device.planned = null;
  device.wake.now();
}

/** What the end is waited for when nothing is being done. */
function watched({ snapshot }: Device): string {
  const names = (snapshot?.workloads ?? []).filter((one) => one.rollout !== null).map((one) => one.name);
  return names.length === 0
    ? "waiting for all workloads to come to rest"
    : `watching whether ${names.join(", ")} stays healthy`;
}

function looked(device: Device): SyncOutcome {
  const { error } = device.sourceStatus;
  const revision = device.desired?.revision ?? null;
  if (error !== null) return { ok: false, revision, message: error.message, hint: error.hint };
  return { ok: true, revision, message: `the repository is at ${revision?.slice(0, 7) ?? "nothing"}`, hint: null };
}
