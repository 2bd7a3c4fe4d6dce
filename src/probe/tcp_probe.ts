import type { ProbeOutcome } from "./probe_result.ts";

/** Healthy when a connection is accepted. Nothing is sent. */
export async function probeTcp(
  { host, port }: { host: string; port: number },
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const connecting = Deno.connect({ hostname: host, port });
  const late = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
  try {
    const connection = await Promise.race([connecting, late]);
    if (connection !== null) {
      connection.close();
      return { ok: true, output: "connected" };
    }
    // Whenever it does come, nobody wants it any more.
    connecting.then((late) => late.close(), () => {});
    return { ok: false, output: "no answer in time" };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { ok: false, output: text.replace(/ \(os error \d+\)/, "").toLowerCase() };
  }
}
