/** From the start of a program to the first byte of a page. */

/** A program that needs longer has failed. */
const DEADLINE_MS = 30_000;

export interface Page {
  command: string[];
  port: number;
}

/**
 * In ms, from just before the process is made until the first byte of the answer to the first request that it takes. The
 * process runs on: it is whoever called that ends it.
 */
export async function firstByte(
  { command: [program, ...args], port }: Page,
): Promise<{ ms: number; child: Deno.ChildProcess }> {
  const since = performance.now();
  const child = new Deno.Command(program!, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  using connection = await connected(port, since + DEADLINE_MS);
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"));
  if (await connection.read(new Uint8Array(1)) === null) throw new Error(`${program} said nothing on port ${port}`);
  return { ms: performance.now() - since, child };
}

async function connected(port: number, deadline: number): Promise<Deno.TcpConn> {
  while (true) {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused) || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

export async function ended(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await child.status;
}
