/** A container on its networks: with its names, or without them as long as it is withheld. */
import { Failure } from "../../../failure.ts";
import { isCanary, networksOf } from "../container.ts";
import type { Containers } from "../observed_containers.ts";
import type { Engine } from "../engine.ts";
import type { Network } from "./networks.ts";
import { upperAddress } from "./subnet_halves.ts";
import type { EndpointRequest, InspectedContainer, InspectedEndpoint } from "../api_types.ts";

export interface Attachment {
  engine: Engine;
  containers: Containers;
}

/** By network, what a container asks for there: its names, or an address that it keeps as long as it is withheld. */
export type Endpoints = ReadonlyMap<string, EndpointRequest>;

/** `names` are null for a container that is withheld. */
export function endpointsFor(networks: ReadonlyMap<string, Network>, names: readonly string[] | null): Endpoints {
  return new Map(
    [...networks].map(([name, { subnet }]): [string, EndpointRequest] => {
      if (names !== null) return [name, { Aliases: [...names] }];
      const address = subnet === null ? null : upperAddress(subnet, Math.random());
      return [name, address === null ? {} : { IPAMConfig: { IPv4Address: address } }];
    }),
  );
}

/** Joins a container that does not run to all of its networks but the first, which it was created on. */
export async function joinOthers({ engine }: Attachment, id: string, endpoints: Endpoints): Promise<void> {
  for (const [network, endpoint] of [...endpoints].slice(1)) await connect(engine, { id, network, endpoint });
}

/**
 * Before a container is started again: it is to be found, or withheld, as it is asked to be now. What it had asked for is
 * asked for no more: somebody else may have that address.
 */
export async function rejoin(
  { engine, containers }: Attachment,
  { container, endpoints }: { container: InspectedContainer; endpoints: Endpoints },
): Promise<void> {
  const id = container.Id;
  for (const [network, endpoint] of endpoints) {
    const known = endpointIn(container, network);
    if (known !== null && isAsWanted(known, endpoint)) continue;
    if (known !== null) await disconnect(engine, { id, network });
    await connect(engine, { id, network, endpoint });
  }
  containers.changed(id);
}

/**
 * Gives a running container its names. Docker changes names only with a new connection: it is off each network for
 * about 0.1 s on two slow cores, and comes back under the address that it asked for at its start, so that its own
 * connections go on. It comes back under another one only in a network of the owner's.
 *
 * May be called again, and after it was cut off: what is on its network with its names is left alone, and what is on
 * none is joined to it.
 */
export async function publish({ engine, containers }: Attachment, { id, names }: { id: string; names: string[] }) {
  const container = await containers.inspect(id);
  if (container === null || !isCanary(container)) return;
  for (const network of networksOf(container)) {
    const endpoint = endpointIn(container, network);
    if (endpoint !== null && names.every((name) => endpoint.Aliases?.includes(name))) continue;
    if (endpoint !== null) await disconnect(engine, { id, network });
    try {
      await reconnect(engine, { id, network, names, address: endpoint?.IPAMConfig?.IPv4Address ?? "" });
    } finally {
      containers.changed(id);
    }
  }
}

async function reconnect(
  engine: Engine,
  { id, network, names, address }: { id: string; network: string; names: string[]; address: string },
): Promise<void> {
  if (address !== "") {
    try {
      const endpoint = { Aliases: names, IPAMConfig: { IPv4Address: address } };
      return await connect(engine, { id, network, endpoint });
    } catch (error) {
      if (!(error instanceof Failure) || error.reason !== "docker_error") throw error;
    }
  }
  await connect(engine, { id, network, endpoint: { Aliases: names } });
}

function endpointIn(container: InspectedContainer, network: string): InspectedEndpoint | null {
  return container.NetworkSettings?.Networks?.[network] ?? null;
}

/** Of a container that does not run: the same names, and no address. Docker itself adds the short id. */
function isAsWanted({ Aliases: aliases, IPAMConfig: asked }: InspectedEndpoint, wanted: EndpointRequest): boolean {
  const names = (aliases ?? []).filter((name) => !/^[0-9a-f]{12}$/.test(name));
  const same = names.length === (wanted.Aliases?.length ?? 0) && names.every((name) => wanted.Aliases?.includes(name));
  return same && (asked?.IPv4Address ?? "") === "" && wanted.IPAMConfig === undefined;
}

async function connect(
  engine: Engine,
  { id, network, endpoint }: { id: string; network: string; endpoint: EndpointRequest },
): Promise<void> {
  await engine.call(`POST /networks/${encodeURIComponent(network)}/connect`, {
    task: `connect container "${id.slice(0, 12)}" to network "${network}"`,
    body: { Container: id, EndpointConfig: endpoint },
  });
}

/** Where it is not on the network, nothing is left to do. */
async function disconnect(engine: Engine, { id, network }: { id: string; network: string }): Promise<void> {
  const task = `disconnect container "${id.slice(0, 12)}" from network "${network}"`;
  const route = `POST /networks/${encodeURIComponent(network)}/disconnect`;
  try {
    await engine.call(route, { task, body: { Container: id, Force: false }, accept: [404] });
  } catch (error) {
    if (!(error instanceof Failure) || !/is not connected to/.test(error.message)) throw error;
  }
}
