/** All that a daemon serves, as texts to be searched. */
import { controlSocket } from "../../src/store/data_dir.ts";

/** The page and every path of the API that comes to an end, with what they answer. `more`: further paths. */
export async function served(
  port: number,
  { names, more }: { names: readonly string[]; more: readonly string[] },
): Promise<[string, string][]> {
  const paths = ["/", "/api/v1/status", "/healthz", "/readyz", ...more];
  for (const name of names) {
    paths.push(`/workloads/${name}`, ...["", "/usage", "/logs"].map((path) => `/api/v1/workloads/${name}${path}`));
  }
  return await Promise.all(paths.map(async (path): Promise<[string, string]> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(30_000) });
    return [path, await answer.text()];
  }));
}

export async function controlled(dataDir: string): Promise<[string, string][]> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: controlSocket(dataDir) } });
  return await Promise.all(["/status", "/plan"].map(async (path): Promise<[string, string]> => {
    return [`control ${path}`, await (await fetch(`http://daemon${path}`, { client })).text()];
  }));
}
