/** What a daemon goes through in months, in minutes: pushes, and people who look at its page. */
import { ControlClient } from "../../src/cli/control_client.ts";
import type { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import type { GitRepository } from "../support/git_repository.ts";

/** As many as browsers ask at once. */
const READERS = 6;

/** Each is a commit of its own that changes no workload; returns when the last one is the applied revision. */
export async function push(count: number, { device, repository }: { device: TestDevice; repository: GitRepository }) {
  using client = new ControlClient(device);
  let id = "";
  for (let time = 0; time < count; time++) {
    await repository.write("CHANGES", crypto.randomUUID());
    id = await repository.commit("Change nothing that runs");
    const body = { wait: false };
    const { ok, message } = await client.json<{ ok: boolean; message: string }>("/sync", {
      method: "POST",
      body,
      signal: AbortSignal.timeout(60_000),
    });
    if (!ok) throw new Error(`a sync failed: ${message}`);
  }
  await eventually("the last push is applied", async () => (await device.status())?.source.applied === id);
}

/** Half of them of the device's page, half of a workload's. */
export async function view(count: number, { port }: TestDevice, names: string[]): Promise<void> {
  let left = count;
  const reader = async () => {
    while (left-- > 0) {
      const path = left % 2 === 0 ? "/" : `/workloads/${names[left % names.length]}`;
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      await answer.text();
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
}
