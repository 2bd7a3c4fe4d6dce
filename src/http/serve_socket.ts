/** The control socket: HTTP on a Unix socket that root and the group `harbornode` may use, and nobody else. */
import type { Hono } from "hono";
import { diskFault, Failure } from "../failure.ts";
import { Requests, type Served } from "./serve_page.ts";

/** unix(7): `sun_path` has 108 bytes, one of them for the end. */
const MAX_PATH_BYTES = 107;
const GROUP = "harbornode";

/** A socket that an earlier daemon left is replaced: the caller holds the lock on data_dir, so nobody listens there. */
export async function serveSocket(app: Hono, path: string): Promise<Served> {
  if (new TextEncoder().encode(path).length > MAX_PATH_BYTES) {
    throw new Failure(`the path of the control socket is too long: "${path}"`, {
      kind: "mistake",
      reason: "path_not_found",
      hint: `set data_dir to a path of at most ${MAX_PATH_BYTES - "/harbornode.sock".length} bytes`,
    });
  }
  await Deno.remove(path).catch((error) => {
    if (diskFault(error) !== null) throw error;
  });
  // Between listening and chmod the socket must not be open to others: the umask decides until then.
  const before = Deno.umask(0o177);
  const requests = new Requests();
  let server: Deno.HttpServer<Deno.UnixAddr>;
  try {
    server = Deno.serve({ path, onListen() {}, signal: requests.cut }, (request, { completed }) => {
      requests.add(completed);
      return app.fetch(request);
    });
  } finally {
    Deno.umask(before);
  }
  await openToGroup(path);
  return {
    port: 0,
    async close() {
      await requests.close(server);
      await Deno.remove(path).catch(() => {});
    },
  };
}

async function openToGroup(path: string): Promise<void> {
  const groups = await Deno.readTextFile("/etc/group").catch(() => "");
  const line = groups.split("\n").find((one) => one.startsWith(`${GROUP}:`));
  const id = Number(line?.split(":")[2]);
  if (line === undefined || !Number.isInteger(id)) return;
  try {
    await Deno.chown(path, null, id);
    await Deno.chmod(path, 0o660);
  } catch (error) {
    // A daemon that does not run as root keeps its socket to itself.
    const isDenied = error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable;
    if (!isDenied && diskFault(error) === null) throw error;
  }
}
