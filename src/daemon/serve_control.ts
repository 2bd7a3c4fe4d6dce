/** Where the command line reaches the daemon: in data_dir, or beside it while its disk takes no socket. */
import { dirname } from "node:path";
import { diskFault } from "../failure.ts";
import type { Served } from "../http/serve_page.ts";
import { serveSocket } from "../http/serve_socket.ts";
import { logger } from "../log.ts";
import { type DataDir, makeFolder } from "../store/data_dir.ts";

const log = logger("daemon");

/** Empty when no disk takes a socket: then there is only the page. Throws `Failure` for every other error. */
export async function serveControl(
  app: Parameters<typeof serveSocket>[0],
  { socket, aside }: Pick<DataDir, "socket" | "aside">,
): Promise<Served[]> {
  try {
    return [await serveSocket(app, socket)];
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
  if (aside === null) return noSocket(socket);
  try {
    await makeFolder(dirname(aside.socket), { mode: 0o711 });
    return [await serveSocket(app, aside.socket)];
  } catch (error) {
    if (!isRefused(error)) throw error;
    return noSocket(aside.socket);
  }
}

function noSocket(path: string): Served[] {
  log.error('no disk takes the control socket "{path}": commands do not reach this daemon until it is restarted', {
    path,
  });
  return [];
}

/** A socket that a read-only disk keeps cannot be replaced either. */
function isRefused(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return diskFault(cause) !== null || error instanceof Deno.errors.AddrInUse;
}
