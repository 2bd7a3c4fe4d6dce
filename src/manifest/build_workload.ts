/** [pure] From the fields of a manifest to a workload: what depends on more than one field is checked here. */
import type { MaintenanceWindow } from "../model/pause/maintenance_window.ts";
import { portsClash } from "../model/port.ts";
import type {
  Dependency,
  LogBound,
  Mount,
  NativeWorkload,
  Port,
  Resources,
  RestartPolicy,
  Workload,
} from "../model/workload.ts";
import { buildArtifact, checkArtifactProgram } from "./field/artifact.ts";
import { buildOnChange } from "./field/on_change.ts";
import { checkDependencies } from "./field/depends_on.ts";
import { buildConfinement } from "./field/container/confinement.ts";
import { buildNetwork } from "./field/container/network.ts";
import { buildProcessOptions } from "./field/container/process_options.ts";
import type { Mode } from "./field/mode.ts";
import { LOGS } from "./fields.ts";
import { buildImage } from "./field/container/image.ts";
import { buildJob } from "./field/job.ts";
import type { ManifestFile } from "./layout.ts";
import { type DiagnosticScope, isTable, quote, type Table } from "../schema/diagnostic.ts";
import { checkPortNames } from "./field/port.ts";
import { buildHealth } from "./field/probe.ts";
import { buildRollout } from "./field/rollout.ts";
import { restartPolicy } from "./field/restart.ts";
import { buildSecrets, CONTAINER_CREDENTIALS, type SecretFiles } from "./field/secret_fields.ts";
import { checkProgram } from "./field/program.ts";
import type { Architecture } from "./device/selector.ts";

/** With a hole where an item was wrong, which was said already. */
type Listed<T> = (T | undefined)[];

/** The workload as it is in `mode`, or undefined after the place was told what does not fit together. */
export function buildWorkload(
  read: Table,
  { mode, manifest, env, secretFiles, said, arch, scope }: {
    mode: Mode;
    manifest: ManifestFile;
    /** Of its files with KEY=VALUE lines. */
    env: Record<string, string>;
    secretFiles: SecretFiles;
    /** Names of the fields that the manifest has. */
    said: ReadonlySet<string>;
    /** Of the device; undefined where it does not matter, or is not known. */
    arch: Architecture | undefined;
    scope: DiagnosticScope;
  },
): Workload | undefined {
  const listed = (read.ports ?? []) as Listed<Port | Port[]>;
  const ports = listed.flatMap((port) => port ?? []);
  const replicas = read.replicas as number;
  const fixed = ports.find((port) => port.host !== null && port.host !== 0);
  if (replicas > 1 && fixed !== undefined) {
    const message = `asks for ${replicas} instances of one port of the device (${fixed.host})`;
    scope.at("replicas").error(message, "set replicas = 1, or let the device choose: port = 0");
  }
  checkNames(listed, scope.at("ports"));
  const name = (read.name ?? manifest.stem) as string;
  const dependsOn = (read.depends_on ?? []) as Listed<Dependency>;
  checkDependencies(name, dependsOn, scope.at("depends_on"));
  const hasArtifact = said.has("artifact");
  const job = buildJob(read, { said, scope });
  const { env: plain, secrets } = buildSecrets(read, { env, files: secretFiles, scope });
  const base = {
    name,
    kind: manifest.kind,
    description: read.description as string,
    manifest: manifest.entry.path,
    enabled: read.enabled as boolean,
    suspend: read.suspend as boolean,
    replicas,
    env: plain,
    ...(secrets.length === 0 ? {} : { secrets }),
    ports,
    user: read.user as string | null,
    workingDir: read.working_dir as string | null,
    restart: restartOf(read, { isJob: job !== null, isSaid: said.has("restart") }),
    stopSignal: read.stop_signal as Workload["stopSignal"],
    stopTimeoutMs: read.stop_timeout as number,
    ...buildHealth(read.health as Table | null ?? null, {
      ports,
      mode,
      manifest,
      hasArtifact,
      scope: scope.at("health"),
    }),
    files: manifest.files,
    onChange: buildOnChange(read, scope),
    devices: read.devices as string[],
    gpus: read.gpus as Workload["gpus"],
    resources: resources(read.resources as Table | null),
    logs: logs(read.logs as Table | null),
    dependsOn: dependsOn.filter((one) => one !== undefined),
    job,
    rollout: buildRollout(read.rollout as Table | null),
    windows: windowsOf(read.rollout as Table | null),
    drift: read.drift as Workload["drift"],
    ...(read.prune === "stop" || read.prune === "keep" ? { prune: read.prune as "stop" | "keep" } : {}),
    movedFrom: read.moved_from as string | null,
  };
  if (mode === "native") {
    if (isTable(read.resources) && typeof read.resources.memory_reservation === "number") {
      scope.at("resources").at("memory_reservation").keyError("a process has no memory_reservation", "take it out");
    }
    if (base.workingDir) checkWorkingDir(base.workingDir, { manifest, hasArtifact, scope: scope.at("working_dir") });
    const artifact = isTable(read.artifact)
      ? buildArtifact(read.artifact, { name, arch, scope: scope.at("artifact") }) ?? null
      : null;
    const command = read.command as string[] | undefined;
    if (command === undefined) return undefined;
    checkProgram(command[0]!, { manifest, hasArtifact, scope: scope.at("command") });
    if (artifact !== null) {
      checkArtifactProgram(command[0]!, { artifact, files: manifest.files, scope: scope.at("command") });
    }
    checkPortNames({ command, env: base.env, health: base.health }, { ports, scope });
    return {
      ...base,
      runtime: "native",
      command,
      artifact,
      group: read.group as string | null,
      supplementaryGroups: read.supplementary_groups as string[],
      umask: read.umask as number | null,
      nice: read.nice as number | null,
      oomScoreAdj: read.oom_score_adj as number | null,
      limits: read.limits as NativeWorkload["limits"],
      capabilities: read.capabilities as string[],
      noNewPrivileges: read.no_new_privileges as boolean,
    };
  }
  const mounts = checkMounts(read, { manifest, scope });
  const hidden = mounts.find(({ target }) => `${target}/`.startsWith(`${CONTAINER_CREDENTIALS}/`));
  if (hidden !== undefined && secrets.some(({ target }) => target.type === "file")) {
    scope.at("secrets").error(
      `are at ${CONTAINER_CREDENTIALS}, where "${hidden.target}" is mounted`,
      "mount it elsewhere",
    );
  }
  const command = (read.command ?? null) as string[] | null;
  checkPortNames({ command: command ?? [], env: base.env, health: base.health }, { ports, scope });
  if (read.image === undefined) return undefined;
  return {
    ...base,
    runtime: "docker",
    ...buildImage(read, scope),
    entrypoint: read.entrypoint as string[] | null,
    command,
    mounts,
    ...buildNetwork(read, { said, scope }),
    ...buildConfinement(read, scope),
    ...buildProcessOptions(read, scope),
  };
}

/** What has done its work is not started again: for a job that says nothing, an end is an end. */
function restartOf(read: Table, { isJob, isSaid }: { isJob: boolean; isSaid: boolean }): RestartPolicy {
  const policy = read.restart as RestartPolicy | undefined ?? restartPolicy("always");
  return isJob && (!isSaid || policy.when === "always") ? { ...policy, when: isSaid ? "on-failure" : "never" } : policy;
}

function logs(read: Table | null): LogBound {
  if (read === null || read === undefined) return LOGS;
  return { maxBytes: read.max_size as number, maxFiles: read.max_files as number };
}

function windowsOf(read: Table | null | undefined): MaintenanceWindow[] {
  return ((read?.windows ?? []) as Listed<MaintenanceWindow>).filter((one) => one !== undefined);
}

function resources(read: Table | null): Resources {
  return {
    memoryBytes: read?.memory as number | undefined ?? null,
    cpus: read?.cpu as number | undefined ?? null,
    pids: read?.pids as number | undefined ?? null,
  };
}

/** An entry may stand for a range of ports. */
function checkNames(entries: Listed<Port | Port[]>, scope: DiagnosticScope): void {
  const before: Port[] = [];
  entries.forEach((entry, index) => {
    const ports = entry === undefined ? [] : [entry].flat();
    for (const port of ports) {
      const where = scope.at(index);
      if (before.some((one) => portsClash(one, port))) {
        where.error(`port ${port.host}/${port.protocol} is asked for twice`);
      }
      if (port.name !== null && before.some((one) => one.name === port.name)) {
        where.error(`two ports are named ${quote(port.name)}`);
      }
    }
    before.push(...ports);
  });
}

/** A folder that neither git nor, without files, the artifact brings is not there when the service begins. */
function checkWorkingDir(
  path: string,
  { manifest, hasArtifact, scope }: { manifest: ManifestFile; hasArtifact: boolean; scope: DiagnosticScope },
): void {
  if (hasArtifact && manifest.files.length === 0) return;
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || parts.length === 0) return;
  const folder = `${parts.join("/")}/`;
  if (manifest.files.some((one) => one.path.startsWith(folder))) return;
  scope.error(`there is no folder ${quote(manifest.folder + parts.join("/"))}`, `put it into ${manifest.folder}`);
}

/** Of `mounts` and `tmpfs` together. */
function checkMounts(read: Table, { manifest, scope }: { manifest: ManifestFile; scope: DiagnosticScope }): Mount[] {
  const taken: Mount[] = [];
  for (const name of ["mounts", "tmpfs"]) {
    ((read[name] ?? []) as Listed<Mount>).forEach((mount, index) => {
      if (mount === undefined) return;
      const where = scope.at(name).at(index);
      checkMount(mount, { manifest, scope: where });
      if (taken.some(({ target }) => target === mount.target)) {
        where.error(`something else is mounted at ${quote(mount.target)} already`);
      }
      taken.push(mount);
    });
  }
  return taken;
}

function checkMount(mount: Mount, { manifest, scope }: { manifest: ManifestFile; scope: DiagnosticScope }): void {
  if (mount.type !== "files") return;
  const { source } = mount;
  const there = manifest.files.some((one) => source === "" || one.path === source || one.path.startsWith(`${source}/`));
  if (!there) scope.error(`there is nothing at ${quote(manifest.folder + source)}`, `put it into ${manifest.folder}`);
}
