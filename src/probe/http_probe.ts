import http from "node:http";
import type { ProbeOutcome } from "./probe_result.ts";

export interface HttpTarget {
  host: string;
  port: number;
  path: string;
  headers: Record<string, string>;
}

/**
 * Healthy at 200-399, like Kubernetes' httpGet. Follows no redirect and reads no body. Not by `fetch`, which refuses
 * some ports whatever listens there (fetch.spec.whatwg.org, "bad port"), SIP's 5060 among them.
 */
export function probeHttp(target: HttpTarget, signal: AbortSignal): Promise<ProbeOutcome> {
  const { host, port, path, headers } = target;
  return new Promise((resolve) => {
    const options = { host, port, path, headers: { "user-agent": "harbornode", ...headers }, agent: false, signal };
    const request = http.get(options, (answer) => {
      const status = answer.statusCode ?? 0;
      resolve({ ok: status >= 200 && status < 400, output: `HTTP ${status}` });
      answer.destroy();
    });
    request.on("error", (error: Error & { code?: string }) => {
      resolve({ ok: false, output: signal.aborted ? "no answer in time" : reasonOf(error) });
    });
  });
}

function reasonOf(error: Error & { code?: string }): string {
  if (error.code === "ECONNREFUSED") return "connection refused";
  if (error.code === "ECONNRESET") return "connection reset";
  return error.message;
}
