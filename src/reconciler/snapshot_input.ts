/** Input of the snapshot, collected from the daemon's parts. */
import type { Device } from "../daemon/device.ts";
import { uptimeSeconds } from "../daemon/device_id.ts";
import { unsavedStatus } from "../daemon/unsaved_state.ts";
import { observedInstances } from "../model/instance.ts";
import type { SourceStatus } from "../model/snapshot.ts";
import { isoTime } from "../model/iso_timestamp.ts";
import type { SnapshotInput } from "../status/build_snapshot.ts";
import { newerFiles, newerSentence } from "../store/versioned_file.ts";
import { VERSION } from "../version.ts";

export function snapshotInput(device: Device): SnapshotInput {
  const { settings, operations, progress, prober } = device;
  const ids = observedInstances(device.observations).map(({ id }) => id);
  return {
    device: {
      name: settings.device,
      id: device.id,
      labels: settings.labels,
      arch: Deno.build.arch,
      uptime_s: uptimeSeconds(),
      upgrade: device.upgrade,
      state_set_aside: newerFiles().map(newerSentence),
      state_unsaved: unsavedStatus(device.disk.unsaved),
      recipient: device.vault.recipient,
    },
    daemon: {
      version: VERSION,
      pid: Deno.pid,
      rss_bytes: Deno.memoryUsage().rss,
      started_at: isoTime(device.startedAt),
    },
    source: sourceStatus(device),
    pendingRemoval: device.plan.pendingRemoval,
    progress,
    observations: device.observations,
    enabledRuntimes: [...device.runtimes.keys()],
    states: device.workloadStates.all,
    operations: new Map([...operations].flatMap(([name, { progress }]) => progress === null ? [] : [[name, progress]])),
    probeResults: new Map(ids.map((id) => [id, prober.results(id)])),
    lastLines: new Map([...device.lastLines].map(([name, { lines }]) => [name, lines])),
    notSelected: device.desired?.notSelected ?? [],
    events: device.events,
    deliveries: device.deliveries.deliveries,
    notifications: device.notifier.outbox.status(),
    now: device.clock.now(),
  };
}

function sourceStatus(device: Device): SourceStatus {
  const { source: { url, branch, ref, path }, sourceState, sourceStatus, settings } = device;
  const { seen, attempted, applied, healthy, signed = [] } = sourceState;
  const signer = signed.find(({ revision }) => revision === applied)?.signer ?? null;
  return {
    url,
    branch,
    ref,
    path,
    ...sourceStatus,
    seen,
    attempted,
    applied,
    healthy,
    planned: device.planned?.revision ?? null,
    subject: device.revision?.subject ?? null,
    author: device.revision?.author ?? null,
    signer: settings.trust.verify === "none" ? null : signer,
  };
}
