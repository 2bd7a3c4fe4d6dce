/** One workload in full: instances and what they use, problems, runs, the last probes, the last lines it wrote. */
import type { ImageStatus, ProbeResultStatus, Snapshot, WorkloadStatus } from "../src/model/snapshot.ts";
import { isJob, kindLabel } from "../src/model/workload_groups.ts";
import type { UsageSeries } from "../src/model/usage.ts";
import { Instances } from "./instances.tsx";
import { Layout } from "./layout.tsx";
import { Rollouts } from "./rollouts.tsx";
import { Runs } from "./runs.tsx";
import { Axes } from "./state_badge.tsx";
import { Ago } from "./time_ago.tsx";
import { UsageGraphs } from "./usage.tsx";
import { Problems, Warnings, Why } from "./workload.tsx";
import { shortId } from "../src/model/git_ref.ts";

interface DetailProps {
  snapshot: Snapshot;
  workload: WorkloadStatus;
  usage: UsageSeries;
  lines: string[];
  now: number;
}

export function WorkloadPage({ snapshot, workload, usage, lines, now }: DetailProps) {
  const instances = workload.instances.filter((instance) => !isJob(workload) || instance.pid !== null);
  const [reasons, output] = [workload.last_lines.join("\n"), lines.join("\n")];
  return (
    <Layout snapshot={snapshot} title={`${workload.name} · ${snapshot.device.name}`}>
      <p class="small">
        <a href="/" id="back">{snapshot.device.name}</a>
      </p>
      <header>
        <h1>{workload.name}</h1>
        <p class="labels wrap">
          {kindLabel(workload)}, {workload.runtime}
          {workload.revision !== null && (
            <>
              , revision <code>{shortId(workload.revision)}</code>
            </>
          )}
          {workload.fingerprint !== null && (
            <>
              , fingerprint <code>{workload.fingerprint}</code>
            </>
          )}
        </p>
      </header>
      <div class="overall">
        <Axes workload={workload} />
      </div>
      <div class="about">
        <Why workload={workload} />
        {workload.mode !== null && <p class="small quiet">Mode {workload.mode.chosen}: {workload.mode.reason}</p>}
        {workload.image !== null && <Image image={workload.image} />}
        {workload.ports.length > 0 && (
          <p class="small quiet">{workload.ports.length === 1 ? "Port" : "Ports"} {workload.ports.join(", ")}</p>
        )}
      </div>
      <Problems workload={workload} />
      <Warnings warnings={workload.warnings} />
      {instances.length > 0 && (
        <section aria-label="Instances">
          <h2>Instances</h2>
          <Instances instances={instances} now={now} />
        </section>
      )}
      <UsageGraphs usage={usage} now={now} />
      <Rollouts workload={workload} now={now} />
      <Runs workload={workload} now={now} />
      {workload.probes.length > 0 && <Probes probes={workload.probes} now={now} />}
      {reasons !== "" && !output.endsWith(reasons) && (
        <section aria-label="Last lines">
          <h2>What it wrote before it failed</h2>
          <pre class="log" tabindex={0}>{reasons}</pre>
        </section>
      )}
      <section aria-label="Last output">
        <h2>Last output</h2>
        {output === "" ? <p class="quiet">Nothing yet</p> : <pre class="log" tabindex={0}>{output}</pre>}
      </section>
    </Layout>
  );
}

function Image({ image: { reference, id, digest } }: { image: ImageStatus }) {
  const exact = digest ?? id;
  return (
    <p class="small quiet wrap">
      Image <code>{reference}</code>
      {exact !== null && !reference.includes(exact) && (
        <>
          , {digest === null ? "id" : "digest"} <code>{exact}</code>
        </>
      )}
    </p>
  );
}

function Probes({ probes, now }: { probes: ProbeResultStatus[]; now: number }) {
  return (
    <section aria-label="Health checks">
      <h2>Last health checks</h2>
      <ol class="events">
        {[...probes].reverse().map((probe) => (
          <li>
            <span class="quiet">
              <Ago at={probe.at} now={now} />
            </span>
            <span class="wrap">{probe.ok ? "passed" : "failed"} in {probe.duration_ms} ms: {probe.output}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
