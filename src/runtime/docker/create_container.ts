/** Makes a container, without starting it. */
import { Failure } from "../../failure.ts";
import { logger } from "../../log.ts";
import { createdFrom } from "./container.ts";
import type { DockerStartRequest, LifecycleContext } from "./lifecycle_context.ts";
import { type Endpoints, joinOthers } from "./network/endpoints.ts";
import { createRequest } from "./request/create_request.ts";
import type { CreatedContainer } from "./api_types.ts";
import { withCreationLabels } from "./container_drift.ts";
import { defaultStopSignal } from "./stop_signal.ts";

const log = logger("docker");

export async function createContainer(
  parts: LifecycleContext,
  request: DockerStartRequest & { name: string; endpoints: Endpoints },
): Promise<string> {
  const { name, workload, endpoints, slot, previous } = request;
  const formerNames = [previous?.formerName, workload.movedFrom].filter((one) => one !== null && one !== undefined);
  const volumes = await parts.volumes.prepare(workload, { slot, formerNames });
  const stopSignal = await defaultStopSignal(parts.engine, workload);
  const { status, body } = await parts.engine.call("POST /containers/create", {
    task: `create container "${name}"`,
    query: { name, ...(workload.platform === null ? {} : { platform: workload.platform }) },
    body: withCreationLabels({
      ...createRequest(workload, { ...request, volumes, deviceId: parts.deviceId }),
      ...stopSignal,
    }),
    accept: [404],
  });
  if (status === 404) {
    throw new Failure(`Image "${createdFrom(workload)}" is not there`, {
      kind: "transient",
      reason: "image_not_found",
    });
  }
  const { Id: id, Warnings: warnings } = body as CreatedContainer;
  for (const warning of warnings ?? []) log.warn("Docker on {name}: {warning}", { name, warning });
  try {
    await joinOthers(parts, id, endpoints);
  } catch (error) {
    await discardContainer(parts, id);
    throw error;
  }
  return id;
}

/** Removes a container that was just made and could not be started. The failure that led here matters more than one of this. */
export async function discardContainer(parts: LifecycleContext, id: string): Promise<void> {
  const task = "remove a container that did not start";
  await parts.engine.call(`DELETE /containers/${id}`, { task, query: { force: "true" }, accept: [404, 409] })
    .catch((error) => log.warn("{error}", { error }));
}
