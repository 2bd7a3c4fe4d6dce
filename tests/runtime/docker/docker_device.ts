/** A device on the machine's real Docker: its own id, an image, and an end that removes every container it made. */
import { systemClock } from "../../../src/clock.ts";
import { fingerprint as fingerprintOf } from "../../../src/model/fingerprint.ts";
import type { Instance } from "../../../src/model/instance.ts";
import type { DockerWorkload } from "../../../src/model/workload.ts";
import {
  type DockerRuntime,
  openDockerRuntime,
  type RuntimePolicy,
} from "../../../src/runtime/docker/docker_runtime.ts";
import type { CredentialSources } from "../../../src/runtime/docker/image/find_registry_login.ts";
import type { PulledImages } from "../../../src/runtime/docker/image/pulled_images.ts";
import type { InspectedContainer, ListedContainer, ListedNetwork } from "../../../src/runtime/docker/api_types.ts";
import { busyboxImage, dockerCall } from "../../support/docker_image.ts";
import { eventually } from "../../support/eventually.ts";
import { DOCKER_SOCKET } from "../../support/prerequisite.ts";
import { dockerWorkload } from "./docker_workload.ts";

/** Of nobody, whoever runs the tests. */
export const NO_LOGINS: CredentialSources = { registries: {}, configFile: "/nonexistent/config.json" };

/** Forgets with the test what was pulled. */
export class Inventory implements PulledImages {
  images: PulledImages["images"] = [];

  save(images: PulledImages["images"]): Promise<void> {
    this.images = images;
    return Promise.resolve();
  }
}

export interface DockerDevice extends AsyncDisposable {
  id: string;
  runtime: DockerRuntime;
  image: string;
  workload(fields?: Partial<DockerWorkload>): DockerWorkload;
  start(workload: DockerWorkload, options?: StartOptions): Promise<Instance>;
  /** What is observed of one instance. Fails when nothing can be observed. */
  /** What it observes; an observation that fails throws. */
  all(): Promise<Instance[]>;
  look(id: string): Promise<Instance | undefined>;
}

interface StartOptions {
  slot?: number;
  filesDir?: string | null;
  canary?: boolean;
  previous?: Instance | null;
}

export const NOTHING_ALLOWED: RuntimePolicy = { allowHostPaths: [], allowVolumes: [], allowNetworks: [] };

export async function dockerDevice(
  options: {
    socket?: string;
    changes?: string[];
    policy?: Partial<RuntimePolicy>;
    protectedPaths?: string[];
    credentialsDir?: string;
    credentials?: CredentialSources;
    inventory?: PulledImages;
    diskReserveBytes?: number;
    adopts?: string;
  } = {},
): Promise<DockerDevice> {
  const {
    socket = DOCKER_SOCKET,
    changes,
    credentials = NO_LOGINS,
    inventory = new Inventory(),
    diskReserveBytes = 0,
  } = options;
  const policy = { ...NOTHING_ALLOWED, ...options.policy };
  // Neither containers nor images may meet those of another test.
  const unique = crypto.randomUUID().slice(0, 8);
  const id = options.adopts ?? `test-${unique}`;
  await using stack = new AsyncDisposableStack();
  const image = stack.use(await busyboxImage(changes === undefined ? {} : { changes }));
  stack.defer(() => removeContainers(`harbornode.device=${id}`));
  const runtime = await openDockerRuntime({
    host: `unix://${socket}`,
    deviceId: id,
    policy,
    protectedPaths: options.protectedPaths ?? [],
    credentialsDir: options.credentialsDir ?? "/nonexistent/credentials",
    credentials,
    inventory,
    diskReserveBytes,
    clock: systemClock,
  });
  stack.defer(() => runtime.close());
  const owned = stack.move();
  return {
    id,
    runtime,
    image: image.name,
    workload: (fields) => dockerWorkload({ name: `t${unique}`, image: image.name, ...fields }),
    start(workload, { slot = 0, filesDir = null, previous = null, canary = false } = {}) {
      return runtime.start({
        workload,
        slot,
        fingerprint: fingerprintOf(workload),
        filesDir,
        assignedPorts: [],
        previous,
        canary,
      });
    },
    all: () => observed(runtime),
    look: async (id) => (await observed(runtime)).find((instance) => instance.id === id),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function observed(runtime: DockerRuntime): Promise<Instance[]> {
  const observation = await runtime.observe();
  if (!observation.ok) throw new Error(observation.message);
  return observation.instances;
}

/** What a container says until it ends, on both outputs. */
export async function saidBy(
  device: DockerDevice,
  workload: DockerWorkload,
  options: StartOptions = {},
): Promise<string[]> {
  const { id } = await device.start(workload, options);
  await eventually("it ended", async () => (await device.look(id))?.state === "exited");
  const lines = await Array.fromAsync(device.runtime.logs(workload.name, { tail: null, follow: false }));
  return lines.map(({ text }) => text);
}

/** Null for one that is not there. */
export async function inspect(id: string): Promise<InspectedContainer & Record<string, unknown> | null> {
  const { status, text } = await dockerCall(`/containers/${id}/json`);
  return status === 404 ? null : JSON.parse(text);
}

/** A container made behind our back. */
export async function createForeign(
  name: string,
  options: { image: string; labels?: Record<string, string> },
): Promise<{ id: string } & AsyncDisposable> {
  const { status, text } = await dockerCall(`/containers/create?name=${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ Image: options.image, Labels: options.labels ?? {} }),
  });
  if (status !== 201) throw new Error(text);
  const { Id: id } = JSON.parse(text) as { Id: string };
  return {
    id,
    async [Symbol.asyncDispose]() {
      await dockerCall(`/containers/${id}?force=1&v=1`, { method: "DELETE" });
    },
  };
}

async function removeContainers(label: string): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
  const { text } = await dockerCall(`/containers/json?all=1&filters=${filters}`);
  for (const { Id: id } of JSON.parse(text) as ListedContainer[]) {
    await dockerCall(`/containers/${id}?force=1&v=1`, { method: "DELETE" });
  }
  const { text: networks } = await dockerCall(`/networks?filters=${filters}`);
  for (const { Id: id } of JSON.parse(networks) as ListedNetwork[]) {
    await dockerCall(`/networks/${id}`, { method: "DELETE" });
  }
}
