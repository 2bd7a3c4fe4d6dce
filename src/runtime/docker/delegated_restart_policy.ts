/**
 * A restart that is granted in advance (reconciler/pipeline/restart/delegated_restart.ts), as Docker's restart policy.
 * Docker then restarts the container at once, with or without us, and when Docker itself is started.
 */
import { asFailure } from "../../failure.ts";
import { logger } from "../../log.ts";
import type { Containers } from "./observed_containers.ts";
import type { Engine } from "./engine.ts";

const log = logger("docker");

/** A pass waits for it. */
const TIMEOUT_MS = 5_000;

type RestartPolicyName = "no" | "always" | "on-failure";

/**
 * Not "unless-stopped": for Docker a signal that tells a program to read its files again counts as stopped by hand, and
 * it would not come back. https://github.com/moby/moby/blob/v20.10.24/daemon/kill.go
 */
function policyOf(finalCodes: readonly number[] | null): RestartPolicyName {
  if (finalCodes === null) return "no";
  if (finalCodes.length === 0) return "always";
  // Docker knows of no other exit code than 0 that is none.
  return finalCodes.every((code) => code === 0) ? "on-failure" : "no";
}

export class RestartPolicies {
  readonly #engine: Engine;
  readonly #containers: Containers;
  /** What Docker refused to change, so that it is asked once. */
  readonly #refused = new Map<string, RestartPolicyName>();

  constructor(engine: Engine, containers: Containers) {
    this.#engine = engine;
    this.#containers = containers;
  }

  /**
   * Null takes it back. Asks Docker only for what is other than at the last look, and throws nothing: without a grant we
   * restart it ourselves.
   */
  async set(id: string, finalCodes: readonly number[] | null): Promise<void> {
    const { policies } = this.#containers;
    const wanted = policyOf(finalCodes);
    const has = policies.get(id);
    if (has === undefined || has === wanted || (has === "" && wanted === "no")) return;
    if (this.#refused.get(id) === wanted) return;
    try {
      const { status } = await this.#engine.call(`POST /containers/${id}/update`, {
        task: `change the restart policy of container "${id.slice(0, 12)}"`,
        body: { RestartPolicy: { Name: wanted, MaximumRetryCount: 0 } },
        accept: [404],
        timeoutMs: TIMEOUT_MS,
      });
      // An engine that does not know this call answers like one that does not know the container.
      if (status === 404) this.#refuse(id, wanted);
      else policies.set(id, wanted);
    } catch (error) {
      const { kind, message } = asFailure(error);
      log.debug("{message}", { message });
      if (kind !== "transient") this.#refuse(id, wanted);
    }
  }

  #refuse(id: string, wanted: RestartPolicyName): void {
    for (const known of this.#refused.keys()) if (!this.#containers.policies.has(known)) this.#refused.delete(known);
    this.#refused.set(id, wanted);
  }
}
