/** A command in a container, as a person would give it. */
import { dockerCall } from "./docker_image.ts";
import { eventually } from "./eventually.ts";

/** Runs it in the container, and waits for its end. */
export async function inContainer(id: string, command: string[]): Promise<void> {
  const post = (body: unknown) => ({
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const made = await dockerCall(`/containers/${id}/exec`, post({ Cmd: command }));
  const { Id } = JSON.parse(made.text) as { Id: string };
  await dockerCall(`/exec/${Id}/start`, post({ Detach: true }));
  await eventually("it has ended", async () => {
    return (JSON.parse((await dockerCall(`/exec/${Id}/json`)).text) as { Running: boolean }).Running === false;
  });
}
