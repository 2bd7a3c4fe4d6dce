/** What the page may see and what the control socket may do, as functions over the device. */
import { Failure } from "../failure.ts";
import type { PageDeps } from "../http/page_app.ts";
import type { ControlDeps, SyncOutcome } from "../http/control_app.ts";
import type { WebhookDeps } from "../http/webhook/webhook.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { LogLine, LogOptions } from "../runtime/runtime.ts";
import { addEvent, type Device, notifyListeners, subscribe } from "../daemon/device.ts";
import { down } from "./stop_all_workloads.ts";
import { resume, setOverride, start } from "./suspend.ts";
import { restart } from "./restart_workload.ts";
import { findWorkload, unknownWorkload } from "./find_workload.ts";
import { acceptRevision } from "./accept_revision.ts";
import { sendTestNotification } from "./send_test_notification.ts";
import { previewPlan } from "./plan_preview.ts";
import { rollBack } from "./roll_back.ts";
import type { ConfigReload } from "../daemon/config_reload.ts";
import { withUnsavedWarning } from "../daemon/unsaved_state.ts";
import { buildSnapshot } from "../status/build_snapshot.ts";
import { syncOutcome } from "./sync_outcome.ts";
import { observedInstances } from "../model/instance.ts";
import { shortId } from "../model/git_ref.ts";

/** Reading, and one door: a webhook that asks for an earlier look. */
export function appDeps(device: Device): PageDeps {
  return {
    snapshot: () => liveSnapshot(device),
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
    wake: () => device.syncTrigger.fire(),
    sync: (options) => sync(device, { ...options, force: false }),
    deliveries: {
      has: (once) => deliveries.has(once),
      add(delivery, once) {
        deliveries.add(delivery, once);
        notifyListeners(device);
      },
    },
  };
}

/** For root and the group of the socket. */
export function controlDeps(device: Device, configReload: ConfigReload | null = null): ControlDeps {
  return {
    snapshot: () => liveSnapshot(device),
    logs: (name, options) => logs(device, { name, options }),
    sync: (options) => sync(device, options),
    plan: () => previewPlan(device),
    restart: (name) => restart(device, name),
    rollBack: async (options) => {
      findWorkload(device, options.name);
      return withUnsavedWarning(device, await rollBack(device, options));
    },
    override: async (request) =>
      withUnsavedWarning(
        device,
        await (request.action === "start" ? start(device, request) : setOverride(device, request)),
      ),
    resume: async (name) => withUnsavedWarning(device, await resume(device, name)),
    confirmPrune: (revision) => confirmPrune(device, revision),
    accept: async (revision) => withUnsavedWarning(device, await acceptRevision(device, revision)),
    tryNotify: () => sendTestNotification(device),
    reload: () => configReload === null ? reloadUnsupported() : configReload.request(),
    reloadEnd: (number) => configReload?.outcome(number) ?? null,
    down: (options) => down(device, options),
  };
}

function reloadUnsupported(): never {
  throw new Failure("this daemon cannot read its settings again", {
    kind: "refused",
    reason: "internal_error",
    hint: "stop it, and start it again",
  });
}

/** Numbers that move without a change (uptime, use) are made fresh; the rest is as the last pass saw it. */
function liveSnapshot(device: Device): Snapshot {
  const { snapshot } = device;
  if (snapshot === null) return buildSnapshot(device);
  const fresh = buildSnapshot(device);
  return { ...fresh, workloads: snapshot.workloads.map((workload) => device.usage.withLatest(workload)) };
}

function logs(device: Device, { name, options }: { name: string; options: LogOptions }): AsyncIterable<LogLine> {
  const workload = device.plan.workloads.find((effective) => effective.name === name);
  const runtime = workload?.spec === undefined || workload.spec === null
    ? undefined
    : device.runtimes.get(workload.spec.runtime);
  if (runtime === undefined) return unknownWorkload(device, name);
  const instances = observedInstances(device.observations);
  const former = instances.find((instance) => instance.workload === name)?.formerName;
  return runtime.logs(former ?? name, options);
}

/** Confirms the pending removal of the desired revision only: the next revision is judged anew. Returns the names. */
async function confirmPrune(device: Device, revision: string | null): Promise<string[]> {
  const pending = device.plan.pendingRemoval;
  if (pending === null || device.desired === null) return [];
  const asking = device.desired.revision;
  if (revision !== null && !asking.startsWith(revision)) {
    throw new Failure(`the pending removal is of revision ${shortId(asking)}, not of "${revision}"`, {
      kind: "mistake",
      reason: "removal_pending",
      hint: 'run "harbornode prune" to see what it removes now',
    });
  }
  if (device.desired.invalid.length > 0) {
    throw new Failure(pending.message, {
      kind: "mistake",
      reason: "removal_pending",
      hint: "mend the manifest, or take it out of the repository; then confirm",
    });
  }
  device.sourceState.pruneConfirmed = device.desired.revision;
  addEvent(device, {
    workload: null,
    reason: "forced",
    message: `removal of ${pending.names.join(", ")} was confirmed`,
  });
  device.trigger.fire();
  return await Promise.resolve(pending.names);
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
  const target = device.syncCount + (device.syncing ? 2 : 1);
  if (force) device.processing.allowAgain();
  device.syncTrigger.fire();
  let last = "";
  return await new Promise<SyncOutcome>((resolve, reject) => {
    const end = AbortSignal.any([signal, device.stopped]);
    const look = () => {
      if (device.syncCount < target) return say(device.sourceStatus.progress ?? "looking at the repository");
      if (force) openWindowsFor(device);
      for (const work of device.operations.values()) if (work.progress !== null) say(work.progress);
      const done = wait ? syncOutcome(device) : syncResult(device);
      if (done === null) return device.operations.size > 0 ? undefined : say(waitMessage(device));
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
function openWindowsFor(device: Device): void {
  const { desired, sourceState } = device;
  if (desired === null || sourceState.windowsOpenFor === desired.revision) return;
  sourceState.windowsOpenFor = desired.revision;
  const message = `revision ${
    shortId(desired.revision)
  } waits for no maintenance window: that was asked for on the device`;
  addEvent(device, { workload: null, reason: "forced", message });
  // What was planned before does not count any more.
  device.planned = null;
  device.trigger.fire();
}

/** What the end is waited for when nothing is being done. */
function waitMessage({ snapshot }: Device): string {
  const names = (snapshot?.workloads ?? []).filter((workload) => workload.rollout !== null).map((workload) =>
    workload.name
  );
  return names.length === 0
    ? "waiting for all workloads to come to rest"
    : `watching whether ${names.join(", ")} stays healthy`;
}

function syncResult(device: Device): SyncOutcome {
  const { error } = device.sourceStatus;
  const revision = device.desired?.revision ?? null;
  if (error !== null) return { ok: false, revision, message: error.message, hint: error.hint };
  return {
    ok: true,
    revision,
    message: `the repository is at ${revision === null ? "nothing" : shortId(revision)}`,
    hint: null,
  };
}
