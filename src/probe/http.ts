import type { Attempt } from "./attempt.ts";

export interface HttpTarget {
  host: string;
  port: number;
  path: string;
  headers: Record<string, string>;
}

/** Healthy at 200-399, like Kubernetes' httpGet. Follows no redirect and reads no body. */
export async function probeHttp(target: HttpTarget, signal: AbortSignal): Promise<Attempt> {
  const { host, port, path, headers } = target;
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
    const answer = await fetch(url, { headers, signal, client, redirect: "manual" });
    await answer.body?.cancel();
    return { ok: answer.status >= 200 && answer.status < 400, output: `HTTP ${answer.status}` };
  } catch (error) {
    return { ok: false, output: signal.aborted ? "no answer in time" : reasonOf(error) };
  } finally {
    client.close();
  }
}

/** The last part of a chain of causes is the one that a person knows: "Connection refused (os error 111)". */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split(": ").at(-1)!.replace(/ \(os error \d+\)/, "").toLowerCase();
}
