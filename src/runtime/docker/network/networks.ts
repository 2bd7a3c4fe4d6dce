/** The networks of this device: one bridge for each namespace, made when it is needed and removed when nothing uses it. */
import { Failure } from "../../../failure.ts";
import { logger } from "../../../log.ts";
import { networkDenial } from "../../../model/policy/docker_rules.ts";
import { policyFailure } from "../../../model/policy/denial.ts";
import type { DockerWorkload } from "../../../model/workload.ts";
import { LABEL } from "../container.ts";
import type { Engine } from "../engine.ts";
import type { CreatedNetwork, ListedContainer, ListedNetwork } from "../api_types.ts";
import { lowerHalf } from "./subnet_halves.ts";

const log = logger("docker");

/** To make a network whose addresses nobody else takes in between. */
const TRIES = 5;
/** Docker may have given the addresses to another network before, or be about to. */
const TAKEN = /overlaps|failed to allocate gateway/;

/** Of all workloads that name none. */
const DEFAULT_NAMESPACE = "default";

export interface NetworksOptions {
  engine: Engine;
  deviceId: string;
  /** Networks of the device's owner that workloads may join; any other name is that of a namespace. */
  allowNetworks: readonly string[];
}

export interface Network {
  id: string;
  /** Whose addresses may be asked for; null where they may not. */
  subnet: string | null;
}

/** Networks that are not removed until it is disposed of. */
export interface NetworkLease extends Disposable {
  /** By name, in the order that the workload joins them. */
  readonly all: ReadonlyMap<string, Network>;
}

interface SubnetRequest {
  Subnet: string;
  IPRange: string;
  Gateway?: string;
}

export class Networks {
  readonly #options: NetworksOptions;
  /** How many starts rely on a network, by its id. */
  readonly #held = new Map<string, number>();
  /** What is made and what is removed never overlap. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: NetworksOptions) {
    this.#options = options;
  }

  /** Those of a workload, made where they are missing. Throws a `Failure`; may be called again. */
  hold(workload: DockerWorkload): Promise<NetworkLease> {
    return this.#inTurn(async () => {
      const all = new Map<string, Network>();
      for (const name of workload.network === null ? [workload.namespace, ...workload.networks] : []) {
        const network = await this.#find(name ?? DEFAULT_NAMESPACE);
        all.set(network.Name, { id: network.Id, subnet: subnetOf(network) });
      }
      const ids = [...all.values()].map(({ id }) => id);
      for (const id of ids) this.#held.set(id, (this.#held.get(id) ?? 0) + 1);
      return {
        all,
        [Symbol.dispose]: () => {
          for (const id of ids) this.#held.set(id, (this.#held.get(id) ?? 1) - 1);
        },
      };
    });
  }

  /** Removes the networks of this device that no container belongs to, running or not. Never one of somebody else. */
  async prune(): Promise<void> {
    await this.#inTurn(async () => {
      for (const { Id: id, Name: name } of await this.#own()) {
        if ((this.#held.get(id) ?? 0) > 0 || await this.#isUsed(id)) continue;
        // 403 and 409: somebody joined it meanwhile.
        const accept = [403, 404, 409];
        const { status } = await this.#options.engine.call(`DELETE /networks/${id}`, {
          task: `remove network "${name}"`,
          accept,
        });
        if (!accept.includes(status)) this.#held.delete(id);
      }
    }).catch((error) => log.warn("{error}", { error }));
  }

  async #find(name: string): Promise<ListedNetwork> {
    const { engine, allowNetworks } = this.#options;
    if (!allowNetworks.includes(name)) {
      const own = (await this.#own(name))[0];
      // Whoever names a network that is there means that one, and not a new one of ours.
      if (own === undefined && await this.#inspect(name) !== null) throw policyFailure(networkDenial(name, 0));
      return own ?? await this.#make(name);
    }
    const found = await this.#inspect(name);
    if (found !== null) return found;
    throw new Failure(`networks: there is no network "${name}" on this device`, {
      kind: "refused",
      reason: "start_failed",
      hint: `make it with: docker -H unix://${engine.socket} network create ${name}`,
    });
  }

  async #own(namespace?: string): Promise<ListedNetwork[]> {
    const { engine, deviceId } = this.#options;
    const label = [
      `${LABEL.device}=${deviceId}`,
      ...(namespace === undefined ? [] : [`${LABEL.namespace}=${namespace}`]),
    ];
    const { body } = await engine.call("GET /networks", {
      task: "list networks",
      query: { filters: JSON.stringify({ label }) },
    });
    // The oldest name first, should there ever be two.
    return (body as ListedNetwork[]).sort((a, b) => (a.Name < b.Name ? -1 : 1));
  }

  /** By name or id; null when there is none. */
  async #inspect(name: string): Promise<ListedNetwork | null> {
    const { status, body } = await this.#options.engine.call(`GET /networks/${encodeURIComponent(name)}`, {
      task: `look at network "${name}"`,
      accept: [404],
    });
    return status === 404 ? null : body as ListedNetwork;
  }

  /**
   * Docker chooses the addresses, and is then asked for the same ones by name: only in a network whose addresses were
   * asked for may a container ask for one, which `publish` needs.
   */
  async #make(namespace: string): Promise<ListedNetwork> {
    const { deviceId } = this.#options;
    const short = `harbornode-${deviceId.slice(0, 8)}-${namespace}`;
    // Of another device whose id begins alike, or made by hand.
    const name = await this.#inspect(short) === null ? short : `harbornode-${deviceId}-${namespace}`;
    for (let tries = 1;; tries++) {
      const chosen = await this.#create({ name, namespace });
      const { Subnet, Gateway } = chosen.IPAM?.Config?.[0] ?? {};
      const range = Subnet === undefined ? null : lowerHalf(Subnet);
      if (Subnet === undefined || range === null) return chosen;
      await this.#options.engine.call(`DELETE /networks/${chosen.Id}`, { task: `remove network "${name}"` });
      const config = { Subnet, IPRange: range, ...(Gateway === undefined ? {} : { Gateway }) };
      try {
        return await this.#create({ name, namespace, config });
      } catch (error) {
        // Somebody else was given these meanwhile.
        if (tries === TRIES || !(error instanceof Failure) || !TAKEN.test(error.message)) throw error;
      }
    }
  }

  async #create(
    { name, namespace, config }: { name: string; namespace: string; config?: SubnetRequest },
  ): Promise<ListedNetwork> {
    const { engine, deviceId } = this.#options;
    const { body } = await engine.call("POST /networks/create", {
      task: `make network "${name}"`,
      body: {
        Name: name,
        CheckDuplicate: true,
        Driver: "bridge",
        Labels: { [LABEL.device]: deviceId, [LABEL.namespace]: namespace },
        ...(config === undefined ? {} : { IPAM: { Driver: "default", Config: [config] } }),
      },
    });
    const made = await this.#inspect((body as CreatedNetwork).Id);
    if (made !== null) return made;
    const message = `Network "${name}" was removed while it was made`;
    throw new Failure(message, { kind: "transient", reason: "docker_error" });
  }

  async #isUsed(id: string): Promise<boolean> {
    const { body } = await this.#options.engine.call("GET /containers/json", {
      task: "list containers",
      query: { all: "1", limit: "1", filters: JSON.stringify({ network: [id] }) },
    });
    return (body as ListedContainer[]).length > 0;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** Of one that was made as `make` makes them: the others hand out all of their addresses. */
function subnetOf({ IPAM: ipam, Labels: labels }: ListedNetwork): string | null {
  const config = ipam?.Config?.[0];
  return labels?.[LABEL.namespace] !== undefined && config?.IPRange ? config.Subnet ?? null : null;
}
