/** This device's containers as instances. Containers without its label are looked at only to learn that they are not ours. */
import type { Instance } from "../../model/instance.ts";
import { detectDrift } from "./container_drift.ts";
import { asInstance, LABEL, unnamedVolumes } from "./container.ts";
import { ExitHistory } from "./exit_history.ts";
import type { Engine } from "./engine.ts";
import type { ImageDigests } from "./image/image_digests.ts";
import type { ContainerStatus, InspectedContainer, ListedContainer } from "./api_types.ts";

export class Containers {
  readonly #engine: Engine;
  readonly #digests: ImageDigests;
  readonly #deviceId: string;
  readonly #inspected = new Map<string, { status: ContainerStatus; container: InspectedContainer }>();
  /** Containers that `stop` is at work on. */
  readonly stopping = new Set<string>();
  readonly ends = new ExitHistory();
  /** The restart policy that each had when it was last looked at. */
  readonly policies = new Map<string, string>();
  /** This device's containers with volumes that Docker named by itself. */
  readonly unnamed = new Map<string, InspectedContainer>();
  #remembers = false;
  #changes = 0;

  constructor(engine: Engine, { deviceId, digests }: { deviceId: string; digests: ImageDigests }) {
    this.#engine = engine;
    this.#digests = digests;
    this.#deviceId = deviceId;
  }

  /**
   * From now on, what was learned of a container counts until its status is another or `changed` is called: then an
   * idle look costs one request. True only while Docker tells of each change.
   */
  setRemembers(value: boolean): void {
    this.#remembers = value;
    this.changed(null);
  }

  /** Null for all of them. */
  changed(id: string | null): void {
    this.#changes++;
    if (id === null) this.#inspected.clear();
    else this.#inspected.delete(id);
  }

  /** In no particular order. */
  async all(): Promise<Instance[]> {
    const listed = await this.list([`${LABEL.device}=${this.#deviceId}`]);
    const ids = new Set(listed.map((container) => container.Id));
    for (const known of [this.#inspected, this.policies, this.unnamed]) {
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    }
    this.ends.keep(ids);
    const instances = await Promise.all(listed.map(async ({ Id: id, State: status }) => {
      const known = this.#inspected.get(id);
      const container = known?.status === status ? known.container : await this.inspect(id);
      return container === null ? null : await this.#withDigest(container);
    }));
    return instances.filter((instance) => instance !== null);
  }

  /** Running or not, with all of these labels. */
  async list(labels: string[]): Promise<ListedContainer[]> {
    const query = { all: "1", filters: JSON.stringify({ label: labels }) };
    const { body } = await this.#engine.call("GET /containers/json", {
      task: "list containers",
      query,
      timeoutMs: 20_000,
    });
    return body as ListedContainer[];
  }

  /** By id or name, and whoever it belongs to; null when there is none. */
  async inspect(id: string): Promise<InspectedContainer | null> {
    const changes = this.#changes;
    const { status, body } = await this.#engine.call(`GET /containers/${encodeURIComponent(id)}/json`, {
      task: `look at container "${id}"`,
      accept: [404],
      timeoutMs: 20_000,
    });
    if (status === 404) return null;
    const container = body as InspectedContainer;
    this.policies.set(container.Id, container.HostConfig?.RestartPolicy?.Name ?? "");
    const isOwn = container.Config.Labels?.[LABEL.device] === this.#deviceId;
    if (isOwn && unnamedVolumes(container).size > 0) this.unnamed.set(container.Id, container);
    // What changed while the answer was on its way may not be in it.
    if (this.#remembers && changes === this.#changes) {
      this.#inspected.set(container.Id, { status: container.State.Status, container });
    }
    return container;
  }

  /** As `inspect`, without asking where nothing has changed since the last look. */
  async recall(id: string): Promise<InspectedContainer | null> {
    return this.#inspected.get(id)?.container ?? await this.inspect(id);
  }

  async #withDigest(container: InspectedContainer): Promise<Instance | null> {
    const instance = this.instance(container);
    if (instance === null) return null;
    const digest = await this.#digests.of({ id: container.Image, image: container.Config.Image ?? container.Image });
    return digest === null ? instance : { ...instance, imageDigest: digest };
  }

  /** Null for a container that is not this device's. */
  instance(container: InspectedContainer): Instance | null {
    const instance = asInstance(container, this.#deviceId);
    if (instance === null) return null;
    const respawns = this.ends.respawns(container);
    const altered = instance.state === "created" ? null : detectDrift(container);
    return {
      ...instance,
      ...(instance.state === "running" && this.stopping.has(instance.id) ? { state: "stopping" } : {}),
      ...(altered === null ? {} : { altered }),
      ...(respawns.length === 0 ? {} : { respawns }),
      ...(instance.state === "exited" && this.ends.wasByHand(instance.id) ? { stoppedByHand: true } : {}),
    };
  }
}
