/** Instances as Docker containers. What makes a container ours is its labels; nothing is kept of it anywhere else. */
import type { Clock } from "../../clock.ts";
import { asFailure, Failure } from "../../failure.ts";
import { redactSecrets } from "../../log.ts";
import { fingerprint } from "../../model/fingerprint.ts";
import type { Instance, Observation } from "../../model/instance.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { DockerWorkload, SignalName, Workload } from "../../model/workload.ts";
import { Credentials, type Readers } from "../../secrets/credentials.ts";
import type { ContainerRuntime, LogLine, LogOptions, Progress, StartRequest, StopOptions, Usage } from "../runtime.ts";
import { LABEL, networkAddress } from "./container.ts";
import { Containers } from "./observed_containers.ts";
import { checkDevices, resolveHostPaths } from "./check/check_host_paths.ts";
import { checkVolumes } from "./check/check_volumes.ts";
import { checkOciRuntime } from "./check/check_oci_runtime.ts";
import { Engine } from "./engine.ts";
import { EngineEvents } from "./engine_events.ts";
import { execute } from "./exec_command.ts";
import { Credentials as RegistryCredentials, type CredentialSources } from "./image/find_registry_login.ts";
import { ImageDigests } from "./image/image_digests.ts";
import type { PulledImages } from "./image/pulled_images.ts";
import { Images } from "./image/images.ts";
import { RestartPolicies } from "./delegated_restart_policy.ts";
import { Semaphore } from "../../async/semaphore.ts";
import { publish } from "./network/endpoints.ts";
import { Networks } from "./network/networks.ts";
import { namesOf } from "./request/create_request.ts";
import { remove, signal, start, stop } from "./container_lifecycle.ts";
import type { LifecycleContext } from "./lifecycle_context.ts";
import { Volumes } from "./volume/volumes.ts";
import { readLogs } from "./container_logs.ts";
import { usage } from "./container_usage.ts";

/**
 * Docker works on many starts at once, and is no faster for it: of 300 that a new device begins together, every third
 * would take longer than Docker is waited for.
 */
const STARTS_AT_ONCE = 8;

/** What the planner cannot ask, since it takes a look at the device. */
export type RuntimePolicy = Pick<Policy, "allowHostPaths" | "allowNetworks" | "allowVolumes">;

export interface DockerOptions {
  /** "unix:///var/run/docker.sock" */
  host: string;
  /** Containers with another device's id are nobody's business here. */
  deviceId: string;
  /** What the device's owner lets containers use of it. */
  policy: RuntimePolicy;
  /** Who the device is to registries. */
  credentials: CredentialSources;
  /** Paths that no container ever sees: the daemon's own, absolute. */
  protectedPaths: readonly string[];
  /** Where files with secrets are; a folder of its own. */
  credentialsDir: string;
  /** What this device pulled. */
  inventory: PulledImages;
  /** What pulls must leave free on the disk. */
  diskReserveBytes: number;
  clock: Clock;
}

/**
 * Opening does not talk to Docker, so it works where Docker is not (yet): `observe` says so, and `watch` tells when it
 * came. Throws a `Failure` only for a host that cannot be used.
 */
export function openDockerRuntime(options: DockerOptions): Promise<DockerRuntime> {
  return Promise.try(() => new DockerRuntime(socketPath(options.host), options));
}

export class DockerRuntime implements ContainerRuntime {
  readonly name = "docker";
  readonly #parts: LifecycleContext;
  readonly #grants: RestartPolicies;
  readonly #policy: RuntimePolicy;
  readonly #protectedPaths: readonly string[];
  readonly #images: Images;
  readonly #events: EngineEvents;
  /** Ids of images that this device's containers are made of. */
  #used: readonly string[] = [];
  readonly #credentials: Credentials;
  readonly #starts = new Semaphore(STARTS_AT_ONCE);
  readonly #listeners = new Set<(containerId: string | null) => void>();

  constructor(socket: string, options: Omit<DockerOptions, "host">) {
    const { deviceId, policy, protectedPaths, clock } = options;
    const engine = new Engine(socket);
    const digests = new ImageDigests(engine);
    const containers = new Containers(engine, { deviceId, digests });
    const networks = new Networks({ engine, deviceId, allowNetworks: policy.allowNetworks });
    this.#grants = new RestartPolicies(engine, containers);
    const volumes = new Volumes(engine, { deviceId });
    this.#parts = { engine, containers, networks, volumes, grants: this.#grants, deviceId };
    this.#credentials = new Credentials(options.credentialsDir, "containers");
    this.#policy = policy;
    this.#protectedPaths = protectedPaths;
    this.#images = new Images({
      ...options,
      engine,
      digests,
      credentials: new RegistryCredentials(options.credentials),
    });
    this.#events = new EngineEvents({
      engine,
      clock,
      deviceId,
      connected: (is) => {
        containers.setRemembers(is);
        if (!is) containers.ends.lost(clock.now());
        this.#tell(null);
      },
      isOwn: (id) => containers.policies.has(id),
      happened: (id, event) => {
        if (event.Type !== "network") containers.ends.record(event);
        containers.changed(id);
        this.#tell(id);
      },
    });
  }

  async observe(): Promise<Observation> {
    try {
      const { containers, volumes } = this.#parts;
      const instances = await containers.all();
      await volumes.keepAll(containers.unnamed);
      // Docker starts none of those that have ended by itself, and we write them anew.
      await this.#credentials.keep(
        new Set(instances.filter((instance) => instance.state !== "exited").map(credentialsKey)),
      );
      this.#used = [...new Set(instances.flatMap((instance) => instance.imageId ?? []))].sort();
      for (const instance of instances) {
        instance.warnings.push(...await this.#credentials.warnings(credentialsKey(instance)));
        // The image's own check sees the secrets too, and what it prints is shown to everybody.
        for (const check of instance.checks ?? []) check.output = redactSecrets(check.output);
      }
      return { runtime: "docker", ok: true, instances, about: await this.#parts.engine.about() };
    } catch (error) {
      const { reason, message } = asFailure(error);
      return { runtime: "docker", ok: false, reason, message };
    }
  }

  async prepare(workload: Workload, progress: Progress, signal: AbortSignal): Promise<void> {
    const asked = dockerWorkload(workload);
    await this.#check(asked);
    // Made before anything is stopped: there may be no addresses left for one.
    using _networks = await this.#parts.networks.hold(asked);
    const isKnown = asked.pull === "always" && await this.#isKnown(asked);
    await this.#images.ensure(asked, { isKnown, progress, signal });
  }

  /** Whether a container of the same spec is here: what ended starts again without a registry, and replicas are alike. */
  async #isKnown(workload: DockerWorkload): Promise<boolean> {
    const { containers, deviceId } = this.#parts;
    const marks = [LABEL.device, LABEL.workload, LABEL.fingerprint];
    const values = [deviceId, workload.name, fingerprint(workload)];
    return (await containers.list(marks.map((mark, index) => `${mark}=${values[index]}`))).length > 0;
  }

  async start(request: StartRequest): Promise<Instance> {
    const workload = dockerWorkload(request.workload);
    const hostPaths = await this.#check(workload);
    const key = credentialsKey({ ...request, workload: workload.name });
    using _held = this.#credentials.hold(key);
    const credentialsDir = await this.#credentials.write(key, request.secrets?.files ?? [], readersIn(workload));
    return await this.#starts.run(() => start(this.#parts, { ...request, workload, hostPaths, credentialsDir }));
  }

  /** Throws a `Failure` for what leads where the owner does not allow, or the device does not have. */
  async #check(workload: DockerWorkload): Promise<ReadonlyMap<string, string>> {
    const { engine, deviceId } = this.#parts;
    await checkDevices(workload);
    await checkOciRuntime(workload, engine);
    await checkVolumes(workload, { engine, deviceId, allowVolumes: this.#policy.allowVolumes });
    const bounds = { policy: this.#policy, protectedPaths: this.#protectedPaths, socket: engine.socket };
    return await resolveHostPaths(workload, bounds);
  }

  async stop(instance: Instance, options: StopOptions): Promise<void> {
    await stop(this.#parts, instance, options);
  }

  async signal(instance: Instance, name: SignalName): Promise<void> {
    await signal(this.#parts, instance, name);
  }

  /** Not once, but until it is taken back, and when Docker or the device is started too. */
  async setRestartLease(instance: Instance, finalCodes: readonly number[] | null): Promise<void> {
    await this.#grants.set(instance.id, finalCodes);
  }

  async publish(instance: Instance, workload: Workload): Promise<void> {
    await publish(this.#parts, { id: instance.id, names: namesOf(dockerWorkload(workload)) });
  }

  async remove(instance: Instance): Promise<void> {
    await remove(this.#parts, instance);
  }

  async latestImage(workload: Workload, signal: AbortSignal): Promise<string | null> {
    return await this.#images.latest(dockerWorkload(workload).image, signal);
  }

  async collectImages(specs: readonly Workload[]): Promise<void> {
    await this.#images.keep(specs.filter((spec) => spec.runtime === "docker"), this.#used);
  }

  /** Bounds of logs are a container's from its creation on: new ones count from the next. */
  configure(_workload: Workload): void {}

  logs(workload: string, options: LogOptions): AsyncIterable<LogLine> {
    const { engine, containers, deviceId } = this.#parts;
    return readLogs({
      engine,
      containers: async () => {
        const listed = await containers.list([`${LABEL.device}=${deviceId}`, `${LABEL.workload}=${workload}`]);
        return listed.map(({ Id: id, Labels: labels }) => {
          const hasTerminal = async () => (await containers.recall(id))?.Config.Tty === true;
          return { id, slot: Number(labels?.[LABEL.slot]), hasTerminal };
        });
      },
      subscribe: (changed) => this.#subscribe(changed),
    }, options);
  }

  async execute(
    instance: Instance,
    _workload: Workload,
    command: string[],
    signal: AbortSignal,
  ): Promise<{ exitCode: number; output: string }> {
    return await execute(this.#parts.engine, { containerId: instance.id, command, signal });
  }

  /** In Docker's own network: a probe needs no published port. */
  async address(instance: Instance, port: number): Promise<{ host: string; port: number } | null> {
    const container = await this.#parts.containers.recall(instance.id);
    const host = container === null ? null : networkAddress(container);
    return host === null ? null : { host, port };
  }

  async usage(instance: Instance): Promise<Usage | null> {
    return await usage(this.#parts.engine, instance.id);
  }

  watch(changed: () => void): void {
    this.#subscribe(() => changed());
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#events.close();
    this.#parts.engine.close();
    await this.#credentials.close();
  }

  #subscribe(listener: (containerId: string | null) => void): () => void {
    this.#listeners.add(listener);
    this.#events.begin();
    return () => this.#listeners.delete(listener);
  }

  #tell(containerId: string | null): void {
    for (const listener of this.#listeners) listener(containerId);
  }
}

function socketPath(host: string): string {
  const path = /^unix:\/\/(\/.+)$/.exec(host)?.[1];
  if (path !== undefined) return path;
  throw new Failure(`Docker cannot be reached at "${host}": only unix:// is supported`, {
    kind: "mistake",
    reason: "docker_unavailable",
    hint: 'set host = "unix:///var/run/docker.sock" in [docker] of config.toml',
  });
}

/** Another version of a slot may run beside it. */
function credentialsKey({ workload, slot, fingerprint }: Pick<Instance, "workload" | "slot" | "fingerprint">): string {
  return `${workload}.${slot}.${fingerprint}`;
}

/** A name is of the image's users, whom the device does not know. */
function readersIn({ user }: DockerWorkload): Readers {
  const [uid, gid = 0] = (user ?? "").split(":").map(Number);
  const isKnown = user !== null && /^\d+(:\d+)?$/.test(user) && Deno.uid() === 0;
  return isKnown ? { uid: uid!, gid } : "everybody inside";
}

function dockerWorkload(workload: Workload): DockerWorkload {
  if (workload.runtime === "docker") return workload;
  throw new Error(`workload "${workload.name}" is not for docker`);
}
