/**
 * Start, stop and remove of one container. Each looks at the container right before it touches it, and touches none
 * without this device's label.
 */
import { Failure } from "../../failure.ts";
import type { Instance } from "../../model/instance.ts";
import type { SignalName } from "../../model/workload.ts";
import type { StopOptions } from "../runtime.ts";
import { containerName, LABEL, networksOf } from "./container.ts";
import { createContainer, discardContainer } from "./create_container.ts";
import type { DockerStartRequest, LifecycleContext } from "./lifecycle_context.ts";
import { containerStopSignal } from "./stop_signal.ts";
import { Timeout } from "./engine.ts";
import { type Endpoints, endpointsFor, rejoin } from "./network/endpoints.ts";
import type { Network } from "./network/networks.ts";
import { CONTAINER_CREDENTIALS, namesOf } from "./request/create_request.ts";
import type { InspectedContainer } from "./api_types.ts";

/** The kernel ends a killed process at once, unless it hangs in a disk or network file system. */
const KILL_MS = 20_000;
/** Docker takes a container's files away before it forgets it, which takes seconds on a slow card. */
const REMOVE_MS = 20_000;

/**
 * An ended container of the same fingerprint is started again; anything else of ours in its place is replaced, unless it
 * still runs and the new one is withheld beside it.
 */
export async function start(parts: LifecycleContext, request: DockerStartRequest): Promise<Instance> {
  const { workload, slot, fingerprint, previous } = request;
  using networks = await parts.networks.hold(workload);
  const endpoints = endpointsFor(networks.all, request.canary === true ? null : namesOf(workload));
  const { name, named } = await place(parts, request);
  const occupant = named === null ? null : parts.containers.instance(named);
  if (named !== null && (occupant?.workload !== workload.name || occupant.slot !== slot)) {
    throw new Failure(`A container that is not of this workload is named "${name}"`, {
      kind: "refused",
      reason: "name_conflict",
      hint: `rename or remove it: docker rename ${name} ${name}-old`,
    });
  }
  const known = previous?.runtime === "docker" && previous.id !== named?.Id ? await own(parts, previous.id) : null;
  for (const instance of [occupant, known]) {
    if (instance === null) continue;
    const same = instance.fingerprint === fingerprint && instance.workload === workload.name && instance.slot === slot;
    if (same && instance.state === "running") return instance;
    // What was altered would still be so.
    const isReused = same && instance.state === "exited" && instance.altered === undefined;
    if (isReused && await again(parts, instance.id, { request, networks: networks.all, endpoints })) {
      return await run(parts, { id: instance.id, name });
    }
    if (request.canary !== true || hasEnded(instance)) await remove(parts, instance);
  }
  const id = await createContainer(parts, { ...request, name, endpoints });
  try {
    return await run(parts, { id, name });
  } catch (error) {
    await discardContainer(parts, id);
    throw error;
  }
}

/**
 * The name to start under, and what has it. Two devices may share one Docker: whoever comes second has a longer name. So
 * has one that is started beside the running one that it is to follow.
 */
async function place(
  { containers, deviceId }: LifecycleContext,
  { workload, slot, fingerprint, canary }: DockerStartRequest,
) {
  const plain = containerName(workload.name, slot);
  let [name, named] = [plain, await containers.inspect(plain)];
  const device = named?.Config.Labels?.[LABEL.device];
  if (device !== undefined && device !== deviceId) {
    name = `${plain}-${deviceId.slice(0, 8)}`;
    named = await containers.inspect(name);
  }
  const occupant = named === null ? null : containers.instance(named);
  if (canary !== true || occupant === null || hasEnded(occupant) || occupant.fingerprint === fingerprint) {
    return { name, named };
  }
  name = `${name}-${fingerprint.slice(0, 8)}`;
  return { name, named: await containers.inspect(name) };
}

/** Makes an ended container ready to run again, on the networks of today; false when it must be made anew. */
async function again(
  parts: LifecycleContext,
  id: string,
  { request, networks, endpoints }: {
    request: DockerStartRequest;
    networks: ReadonlyMap<string, Network>;
    endpoints: Endpoints;
  },
): Promise<boolean> {
  const container = await parts.containers.inspect(id);
  if (container === null) return false;
  const belongs = networksOf(container);
  // A network that was removed and made again is another one, and Docker would not start it.
  const there = container.NetworkSettings?.Networks ?? {};
  const fits = belongs.length === networks.size && belongs.every((name) => {
    const known = there[name]?.NetworkID;
    return networks.has(name) && (known === undefined || known === "" || known === networks.get(name)?.id);
  });
  if (!fits || !sameHostPaths(container, request)) return false;
  await rejoin(parts, { container, endpoints });
  return true;
}

/** Where a path of the device leads to now is where it led to when the container was made. */
function sameHostPaths(
  { Mounts: mounts = [] }: InspectedContainer,
  { workload, hostPaths, credentialsDir }: DockerStartRequest,
): boolean {
  const credentials = mounts.find((mount) => mount.Destination === CONTAINER_CREDENTIALS)?.Source;
  if (credentialsDir !== null && credentials !== credentialsDir) return false;
  return workload.mounts.every((mount) => {
    if (mount.type !== "host") return true;
    const source = hostPaths.get(mount.source);
    return mounts.some((one) => one.Destination === mount.target && one.Source === source);
  });
}

function hasEnded({ state }: Instance): boolean {
  return state === "exited" || state === "created";
}

/** Signal, wait, kill, wait. One way for every version of Docker: its own "stop" takes a signal only since API 1.42. */
export async function stop(
  parts: LifecycleContext,
  instance: Instance,
  { signal: asked, timeoutMs }: StopOptions,
): Promise<void> {
  const { id } = instance;
  const found = await own(parts, id);
  if (found === null || hasEnded(found)) return;
  parts.containers.stopping.add(id);
  // Sooner or later, whatever it begins with.
  parts.containers.ends.weSend(id, "SIGKILL");
  try {
    const signal = asked ?? await containerStopSignal(parts.engine, await parts.containers.recall(id));
    // Or Docker would start it again, now or when it is started itself.
    await parts.grants.set(id, null);
    // A frozen process takes no signal.
    if (found.state === "paused") await post(parts, { id, verb: "unpause" });
    await post(parts, { id, verb: "kill", query: { signal } });
    if (signal !== "SIGKILL" && await ended(parts, id, timeoutMs)) return;
    await post(parts, { id, verb: "kill", query: { signal: "SIGKILL" } });
    if (await ended(parts, id, KILL_MS)) return;
    throw new Failure(`Container "${id.slice(0, 12)}" of "${instance.workload}" still runs after SIGKILL`, {
      kind: "transient",
      reason: "stop_failed",
      hint: "look for a disk or network file system that hangs",
    });
  } finally {
    parts.containers.stopping.delete(id);
  }
}

/** To its main process. A container that does not run gets none, without an error. */
export async function signal(parts: LifecycleContext, instance: Instance, name: SignalName): Promise<void> {
  if (await own(parts, instance.id) !== null) {
    parts.containers.ends.weSend(instance.id, name);
    await post(parts, { id: instance.id, verb: "kill", query: { signal: name } });
  }
}

/** Only what has ended. Its volumes stay, and are remembered for the next container of its slot. */
export async function remove(parts: LifecycleContext, instance: Instance): Promise<void> {
  const { id } = instance;
  const container = await parts.containers.inspect(id);
  const found = container === null ? null : parts.containers.instance(container);
  if (container === null || found === null) return;
  if (!hasEnded(found)) {
    throw new Failure(`Container "${id.slice(0, 12)}" of "${instance.workload}" still runs and is not removed`, {
      kind: "transient",
      reason: "stop_failed",
    });
  }
  await parts.volumes.keep(container);
  const task = `remove container "${id.slice(0, 12)}"`;
  const query = { v: "false", force: "false" };
  const { status } = await parts.engine.call(`DELETE /containers/${id}`, { task, query, accept: [404, 409] });
  // Somebody else is removing it already: that it is gone is all we want.
  if (status === 409 && !await gone(parts, id)) {
    throw new Failure(`Docker is still at work on container "${id.slice(0, 12)}" of "${instance.workload}"`, {
      kind: "transient",
      reason: "docker_error",
    });
  }
  await parts.networks.prune();
}

async function gone(parts: LifecycleContext, id: string): Promise<boolean> {
  try {
    const task = `see the removal of container "${id.slice(0, 12)}"`;
    const query = { condition: "removed" };
    await parts.engine.call(`POST /containers/${id}/wait`, { task, query, accept: [404], timeoutMs: REMOVE_MS });
  } catch (error) {
    if (!(error instanceof Timeout)) throw error;
  }
  return await own(parts, id) === null;
}

/** By id; null when there is none, or none of ours. */
async function own(parts: LifecycleContext, id: string): Promise<Instance | null> {
  const container = await parts.containers.inspect(id);
  return container === null ? null : parts.containers.instance(container);
}

async function run(
  parts: LifecycleContext,
  { id, name }: { id: string; name: string },
): Promise<Instance> {
  await parts.engine.call(`POST /containers/${id}/start`, { task: `start container "${name}"` });
  const instance = await own(parts, id);
  if (instance === null) {
    const message = `Container "${name}" was removed while it started`;
    throw new Failure(message, { kind: "transient", reason: "start_failed" });
  }
  return instance;
}

/** Gone (404) and not running (409) are what we want, or will be seen at the next look. */
async function post(
  parts: LifecycleContext,
  { id, verb, query = {} }: { id: string; verb: string; query?: Record<string, string> },
): Promise<void> {
  const task = `${verb} container "${id.slice(0, 12)}"`;
  try {
    await parts.engine.call(`POST /containers/${id}/${verb}`, { task, query, accept: [404, 409] });
  } catch (error) {
    // Podman has no status of its own for it.
    if (!(error instanceof Failure) || !/container state improper/.test(error.message)) throw error;
  }
}

/** True when it does not run any more. */
async function ended(parts: LifecycleContext, id: string, withinMs: number): Promise<boolean> {
  if (withinMs <= 0) return false;
  try {
    await parts.engine.call(`POST /containers/${id}/wait`, {
      task: `see the end of container "${id.slice(0, 12)}"`,
      query: { condition: "not-running" },
      accept: [404],
      timeoutMs: withinMs,
    });
    return true;
  } catch (error) {
    if (error instanceof Timeout) return false;
    throw error;
  }
}
