/** The page: is all well, and if not, what and why. */
import type { Delivery, Event, NotifyStatus, Snapshot, WorkloadStatus } from "../src/model/snapshot.ts";
import { groups } from "../src/model/workload_groups.ts";
import { overallStatus } from "./overall_status.ts";
import { Layout } from "./layout.tsx";
import { SourceLine } from "./source_line.tsx";
import { Ago } from "./time_ago.tsx";
import { UpgradeLine } from "./upgrade_line.tsx";
import { WorkloadCard, WorkloadRow } from "./workload.tsx";

const SHOWN_EVENTS = 12;

export function OverviewPage({ snapshot, now }: { snapshot: Snapshot; now: number }) {
  const { device, source, workloads } = snapshot;
  const labels = Object.entries(device.labels);
  return (
    <Layout snapshot={snapshot} title={`${device.name} · HarborNode`}>
      <header>
        <h1>{device.name}</h1>
        {labels.length > 0 && <p class="labels wrap">{labels.map(([key, value]) => `${key}=${value}`).join("  ")}</p>}
      </header>
      {device.state_unsaved !== null && (
        <div class="notice small wrap">
          {device.state_unsaved.message}
          <div class="hint">Hint: {device.state_unsaved.hint}</div>
        </div>
      )}
      <p class="overall" aria-live="polite">
        <span class={`state ${overallStatus(snapshot).tone}`}>{overallStatus(snapshot).sentence}</span>
      </p>
      <SourceLine source={source} now={now} />
      {snapshot.pending_removal !== null && (
        <div class="notice small">
          Removal of {snapshot.pending_removal.names.join(", ")} is pending: {snapshot.pending_removal.message}.
          <div class="hint">
            Run <code>harbornode prune --confirm</code> on the device to remove them.
          </div>
        </div>
      )}
      {workloads.length === 0
        ? <div class="card empty">{emptySentence(snapshot)}</div>
        : <Workloads workloads={workloads} now={now} />}
      {snapshot.not_selected.length > 0 && (
        <p class="aside small quiet">Not for this device: {snapshot.not_selected.join(", ")}</p>
      )}
      {device.recipient !== null && (
        <p class="aside small quiet wrap">
          Secrets for it are encrypted to <code>{device.recipient}</code>
        </p>
      )}
      <UpgradeLine device={device} />
      {snapshot.events.length > 0 && <Events events={snapshot.events} now={now} />}
      <Untold notifications={snapshot.notifications} />
      <Deliveries deliveries={snapshot.deliveries} now={now} />
    </Layout>
  );
}

/** What needs somebody comes first, in full; what is as asked is a quiet list. */
function Workloads({ workloads, now }: { workloads: WorkloadStatus[]; now: number }) {
  const { attention, moving, well } = groups(workloads);
  return (
    <>
      <Cards title="Needs attention" workloads={attention} now={now} />
      <Cards title="Under way" workloads={moving} now={now} />
      {well.length > 0 && (
        <section aria-label="As asked">
          <h2>{well.length === workloads.length ? "Workloads" : "As asked"}</h2>
          <ul class="card rows">
            {well.map((workload) => <WorkloadRow workload={workload} now={now} />)}
          </ul>
        </section>
      )}
    </>
  );
}

function Cards({ title, workloads, now }: { title: string; workloads: WorkloadStatus[]; now: number }) {
  if (workloads.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul>{workloads.map((workload) => <WorkloadCard workload={workload} now={now} />)}</ul>
    </section>
  );
}

function emptySentence({ source }: Snapshot): string {
  if (source.attempted === null) return "The repository is being looked at for the first time.";
  return "The repository asks for nothing on this device. Push a file services/NAME.toml, and it appears here.";
}

function Events({ events, now }: { events: Event[]; now: number }) {
  return (
    <section aria-label="Events">
      <h2>What happened</h2>
      <ol class="events">
        {events.slice(-SHOWN_EVENTS).reverse().map((event) => (
          <li>
            <span class="quiet">
              <Ago at={event.at} now={now} />
            </span>
            <span class="wrap">{event.message}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Untold({ notifications }: { notifications: NotifyStatus[] }) {
  const failing = notifications.filter((notification) => notification.error !== null);
  if (failing.length === 0) return null;
  return (
    <section aria-label="Could not be told">
      <h2>Could not be told</h2>
      <ol class="events">
        {failing.map(({ name, error, waiting, lost }) => (
          <li>
            <span class="quiet">{name}</span>
            <span class="wrap">{error}; {waiting} waiting, {lost} given up</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function counted(deliveries: Delivery[]): string {
  const refused = deliveries.filter((delivery) => delivery.verdict === "refused").length;
  return `the last ${deliveries.length}${refused === 0 ? "" : `, ${refused} of them refused`}`;
}

function Deliveries({ deliveries, now }: { deliveries: Delivery[]; now: number }) {
  return (
    <details id="deliveries">
      <summary>Webhook deliveries: {deliveries.length === 0 ? "none yet" : counted(deliveries)}</summary>
      <ol class="events">
        {[...deliveries].reverse().map((delivery) => (
          <li>
            <span class="quiet">
              <Ago at={delivery.at} now={now} />
            </span>
            <span class="wrap">{delivery.verdict}, {delivery.forge} {delivery.event}: {delivery.message}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}
