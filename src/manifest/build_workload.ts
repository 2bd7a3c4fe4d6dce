/** [pure] Builds a workload from the fields of a manifest, and checks what depends on more than one field. */
import type { DockerWorkload, LogBound, NativeWorkload, RestartPolicy, Workload } from "../model/workload.ts";
import type { DiagnosticScope } from "../schema/diagnostic.ts";
import { withDefaults } from "../schema/field_table.ts";
import { present } from "../schema/schema.ts";
import { checkMounts, checkPorts, checkReplicas, checkWorkingDir, type PortEntries } from "./check/cross_field.ts";
import type { Architecture } from "./device/selector.ts";
import { buildArtifact, checkArtifactProgram } from "./field/artifact.ts";
import { buildConfinement } from "./field/container/confinement.ts";
import { buildImage } from "./field/container/image.ts";
import { buildNetwork } from "./field/container/network.ts";
import { buildProcessOptions } from "./field/container/process_options.ts";
import { checkDependencies } from "./field/depends_on.ts";
import { buildJob } from "./field/job.ts";
import type { Mode } from "./field/runtime_mode.ts";
import { buildOnChange } from "./field/on_change.ts";
import { checkPortNames } from "./field/port.ts";
import { buildHealth } from "./field/probe.ts";
import { checkProgram } from "./field/program.ts";
import { buildRollout } from "./field/rollout.ts";
import { buildSecrets, CONTAINER_CREDENTIALS, type SecretFiles } from "./field/secret_fields.ts";
import {
  COMMON_FIELDS,
  type CommonRead,
  type DeploymentRead,
  LOG_FIELDS,
  LOGS,
  OWN_FIELDS,
  type ServiceRead,
} from "./manifest_fields.ts";
import type { ManifestFile } from "./find_manifests.ts";

/** The fields of a manifest by mode; null for a mode that the manifest does not have. */
export interface WorkloadRead {
  common: CommonRead;
  native: ServiceRead | null;
  container: DeploymentRead | null;
}

export interface WorkloadContext {
  manifest: ManifestFile;
  /** Values of the files of `env_file`. */
  env: Record<string, string>;
  secretFiles: SecretFiles;
  /** Names of the fields that the manifest has. */
  given: ReadonlySet<string>;
  /** Architecture of the device; undefined where it does not matter, or is not known. */
  arch: Architecture | undefined;
  scope: DiagnosticScope;
}

/**
 * Returns the workload of a mode; undefined for a mode that the manifest does not have, and where a required field is
 * missing. Reports what does not fit together.
 */
export function buildWorkload(mode: Mode, read: WorkloadRead, context: WorkloadContext): Workload | undefined {
  const { common, native, container } = read;
  if (mode === "native") {
    if (native === null) return undefined;
    return buildNative(native, { ...context, common, base: buildBase(common, { ...context, own: native, mode }) });
  }
  if (container === null) return undefined;
  return buildContainer(container, {
    ...context,
    common,
    base: buildBase(common, { ...context, own: container, mode }),
  });
}

type BaseWorkload = ReturnType<typeof buildBase>;

interface OwnContext extends WorkloadContext {
  base: BaseWorkload;
  common: CommonRead;
}

/** Builds what a process and a container have in common. */
function buildBase(
  read: CommonRead,
  { own, mode, manifest, env, secretFiles, given, scope }: WorkloadContext & {
    own: ServiceRead | DeploymentRead;
    mode: Mode;
  },
) {
  const listed: PortEntries = own.ports ?? [];
  const ports = present(listed).flat();
  const values = withDefaults(COMMON_FIELDS, read);
  checkReplicas(values.replicas, { ports, scope });
  checkPorts(listed, scope.at("ports"));
  const name = read.name ?? manifest.stem;
  checkDependencies(name, read.depends_on ?? [], scope.at("depends_on"));
  const job = buildJob(read, { replicas: read.replicas, given, scope });
  const { env: plain, secrets } = buildSecrets(read, { env, files: secretFiles, scope });
  const { prune } = values;
  return {
    name,
    kind: manifest.kind,
    description: values.description,
    manifest: manifest.entry.path,
    enabled: values.enabled,
    suspend: values.suspend,
    replicas: values.replicas,
    env: plain,
    ...(secrets.length === 0 ? {} : { secrets }),
    ports,
    user: own.user ?? null,
    workingDir: own.working_dir ?? null,
    restart: restartOf(values.restart, { isJob: job !== null, isGiven: given.has("restart") }),
    stopSignal: values.stop_signal,
    stopTimeoutMs: values.stop_timeout,
    ...buildHealth(read.health ?? null, {
      ports,
      mode,
      manifest,
      hasArtifact: given.has("artifact"),
      scope: scope.at("health"),
    }),
    files: manifest.files,
    onChange: buildOnChange(read, scope),
    devices: present(own.devices),
    gpus: own.gpus ?? null,
    resources: {
      memoryBytes: read.resources?.memory ?? null,
      cpus: read.resources?.cpu ?? null,
      pids: read.resources?.pids ?? null,
    },
    logs: buildLogs(read.logs),
    dependsOn: present(read.depends_on),
    job,
    rollout: buildRollout(read.rollout),
    windows: present(read.rollout?.windows),
    drift: values.drift,
    ...(prune === "delete" ? {} : { prune }),
    movedFrom: values.moved_from,
  };
}

function buildNative(read: ServiceRead, context: OwnContext): NativeWorkload | undefined {
  const { base, common, manifest, given, arch, scope } = context;
  const hasArtifact = given.has("artifact");
  if (typeof common.resources?.memory_reservation === "number") {
    scope.at("resources").at("memory_reservation").keyError("a process has no memory_reservation", "take it out");
  }
  if (base.workingDir !== null) {
    checkWorkingDir(base.workingDir, { manifest, hasArtifact, scope: scope.at("working_dir") });
  }
  const artifact = read.artifact === null || read.artifact === undefined
    ? null
    : buildArtifact(read.artifact, { name: base.name, arch, scope: scope.at("artifact") }) ?? null;
  const { command } = read;
  if (command === undefined) return undefined;
  checkProgram(command[0]!, { manifest, hasArtifact, scope: scope.at("command") });
  if (artifact !== null) {
    checkArtifactProgram(command[0]!, { artifact, files: manifest.files, scope: scope.at("command") });
  }
  checkPortNames({ command, env: base.env, health: base.health }, { ports: base.ports, scope });
  const values = withDefaults(OWN_FIELDS.native, read);
  return {
    ...base,
    runtime: "native",
    command,
    artifact,
    group: values.group,
    supplementaryGroups: present(values.supplementary_groups),
    umask: values.umask,
    nice: values.nice,
    oomScoreAdj: values.oom_score_adj,
    limits: values.limits,
    capabilities: present(values.capabilities),
    noNewPrivileges: values.no_new_privileges,
  };
}

function buildContainer(read: DeploymentRead, context: OwnContext): DockerWorkload | undefined {
  const { base, common, manifest, given, scope } = context;
  const mounts = checkMounts(read, { manifest, scope });
  const hidden = mounts.find(({ target }) => `${target}/`.startsWith(`${CONTAINER_CREDENTIALS}/`));
  if (hidden !== undefined && base.secrets?.some(({ target }) => target.type === "file")) {
    scope.at("secrets").error(
      `are at ${CONTAINER_CREDENTIALS}, where "${hidden.target}" is mounted`,
      "mount it elsewhere",
    );
  }
  const command = read.command ?? null;
  checkPortNames({ command: command ?? [], env: base.env, health: base.health }, { ports: base.ports, scope });
  if (read.image === undefined) return undefined;
  return {
    ...base,
    runtime: "docker",
    ...buildImage({ ...read, image: read.image }, scope),
    entrypoint: read.entrypoint ?? null,
    command,
    mounts,
    ...buildNetwork(read, { given, scope }),
    ...buildConfinement(read, scope),
    ...buildProcessOptions(read, { resources: common.resources, scope }),
  };
}

/** A job that completed is not started again: without a `restart` of its own, any exit is the end of a run. */
function restartOf(policy: RestartPolicy, { isJob, isGiven }: { isJob: boolean; isGiven: boolean }): RestartPolicy {
  if (!isJob || (isGiven && policy.when !== "always")) return policy;
  return { ...policy, when: isGiven ? "on-failure" : "never" };
}

function buildLogs(read: CommonRead["logs"]): LogBound {
  if (read === null || read === undefined) return LOGS;
  const { max_size, max_files } = withDefaults(LOG_FIELDS, read);
  return { maxBytes: max_size, maxFiles: max_files };
}
