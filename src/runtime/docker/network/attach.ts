/** A container on its networks: with its names, or without them as long as it is withheld. */
import { Failure } from "../../../failure.ts";
import { isWithheld, networksOf } from "../container.ts";
import type { Containers } from "../containers.ts";
import type { Engine } from "../engine.ts";
import type { EndpointRequest, InspectedContainer, InspectedEndpoint } from "../wire.ts";

export interface Attachment {
  engine: Engine;
  containers: Containers;
}

/** Joins a container that does not run to all of `networks` but the first, which it was created on. */
export async function joinOthers(
  { engine }: Attachment,
  { id, networks, names }: { id: string; networks: readonly string[]; names: readonly string[] },
): Promise<void> {
  for (const network of networks.slice(1)) {
    await connect(engine, { id, network, endpoint: { Aliases: [...names] } });
  }
}

/**
 * Before a container is started again: it is to be found, or withheld, as it was created to be. Without an address that
 * it asked for, since somebody else may have that one by now.
 */
export async function rejoin(
  { engine, containers }: Attachment,
  { container, names }: { container: InspectedContainer; names: readonly string[] },
): Promise<void> {
  for (const network of networksOf(container)) {
    const endpoint = endpointIn(container, network);
    if (endpoint !== null && isAsWanted(endpoint, names)) continue;
    if (endpoint !== null) await disconnect(engine, { id: container.Id, network });
    await connect(engine, { id: container.Id, network, endpoint: { Aliases: [...names] } });
  }
  containers.changed(container.Id);
}

/**
 * Gives a running container its names. Docker changes names only with a new connection: it is off each network for
 * about 0.1 s on two slow cores, and comes back under the address that it had, so that its own connections go on. The
 * address is another one only where the network's owner chose no subnet, or somebody took it in between.
 *
 * May be called again, and after it was cut off: what is on its network with its names is left alone, and what is on
 * none is joined to it.
 */
export async function publish({ engine, containers }: Attachment, { id, names }: { id: string; names: string[] }) {
  const container = await containers.inspect(id);
  if (container === null || !isWithheld(container)) return;
  for (const network of networksOf(container)) {
    const endpoint = endpointIn(container, network);
    if (endpoint !== null && names.every((name) => endpoint.Aliases?.includes(name))) continue;
    if (endpoint !== null) await disconnect(engine, { id, network });
    try {
      await reconnect(engine, { id, network, names, address: endpoint?.IPAddress ?? "" });
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

/** Of a container that does not run. Its short id is added by Docker. */
function isAsWanted({ Aliases: aliases, IPAMConfig: asked }: InspectedEndpoint, names: readonly string[]): boolean {
  const has = new Set(aliases ?? []);
  const agrees = names.length === 0
    ? [...has].every((name) => /^[0-9a-f]{12}$/.test(name))
    : names.every((n) => has.has(n));
  return agrees && (asked?.IPv4Address ?? "") === "";
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
