/** What the page may read, and what the control socket may do: the operations with their parts of the daemon. */
import { Failure } from "../failure.ts";
import type { ControlDeps } from "../http/control_app.ts";
import type { PageDeps } from "../http/page_app.ts";
import type { WebhookDeps } from "../http/webhook/webhook.ts";
import { acceptRevision } from "./accept_revision.ts";
import { confirmRemovals } from "./confirm_removals.ts";
import { findWorkload } from "./find_workload.ts";
import type { OperationDeps } from "./operation_deps.ts";
import { previewPlan } from "./plan_preview.ts";
import { requestSync } from "./request_sync.ts";
import { restart } from "./restart_workload.ts";
import { rollBack } from "./roll_back.ts";
import { sendTestNotification } from "./send_test_notification.ts";
import { down } from "./stop_all_workloads.ts";
import { resume, setOverride, start } from "./suspend.ts";
import { workloadLogs } from "./workload_logs.ts";

/** Reading, and one request: a webhook that asks for a sync. */
export function pageDeps(deps: OperationDeps): PageDeps {
  const { feed, usage, sync } = deps;
  return {
    snapshot: () => feed.current,
    subscribe: (listener) => feed.subscribe(listener),
    usage: (name) => usage.series(name),
    logs: (name, options) => workloadLogs(deps, name, options),
    webhook: webhookDeps(deps),
    ready: () =>
      sync.desired === null
        ? { ok: false, message: sync.status.error?.message ?? "the first revision is not here yet" }
        : { ok: true, message: "ready" },
  };
}

function webhookDeps(deps: OperationDeps): WebhookDeps {
  const { settings, source, clock, deliveries, feed, sync } = deps;
  return {
    ...settings.webhook,
    followed: source.ref,
    repositoryUrl: source.url,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    wake: () => sync.request(),
    sync: (options) => requestSync(deps, { ...options, force: false }),
    deliveries: {
      has: (once) => deliveries.has(once),
      add(delivery, once) {
        deliveries.add(delivery, once);
        feed.notify();
      },
    },
  };
}

/** Loads the settings again while workloads keep running; `request` and `outcome` are as in `ControlDeps`. */
interface ConfigReload {
  request: ControlDeps["reload"];
  outcome: ControlDeps["reloadEnd"];
}

/** For root and the group of the socket. */
export function controlDeps(deps: OperationDeps, configReload: ConfigReload | null = null): ControlDeps {
  const { feed, reconciler, disk } = deps;
  // What an operator asked for is persisted; a disk that takes no state forgets it with a restart of the machine.
  const warned = (message: string) =>
    disk.unsaved === null ? message : `${message}; a restart of this machine forgets it: ${disk.unsaved.message}`;
  return {
    snapshot: () => feed.current,
    logs: (name, options) => workloadLogs(deps, name, options),
    sync: (options) => requestSync(deps, options),
    plan: () => previewPlan(deps),
    restart: (name) => restart(deps, name),
    rollBack: async (options) => {
      findWorkload(reconciler.plan, options.name);
      return warned(await rollBack(deps, options));
    },
    override: async (request) =>
      warned(await (request.action === "start" ? start(deps, request) : setOverride(deps, request))),
    resume: async (name) => warned(await resume(deps, name)),
    confirmPrune: (revision) => confirmRemovals(deps, revision),
    accept: async (revision) => warned(await acceptRevision(deps, revision)),
    tryNotify: () => sendTestNotification(deps),
    reload: () => configReload === null ? reloadUnsupported() : configReload.request(),
    reloadEnd: (number) => configReload?.outcome(number) ?? null,
    down: (options) => down(deps, options),
  };
}

function reloadUnsupported(): never {
  throw new Failure("this daemon does not support reload", {
    kind: "refused",
    reason: "internal_error",
    hint: "stop the daemon, and start it again",
  });
}
