/**
 * Programs that keep logins for Docker (docker-credential-pass and the like), asked as Docker asks them.
 * https://github.com/docker/docker-credential-helpers#development
 */
import { abortableIterator } from "../../../async/abortable.ts";
import { logger } from "../../../log.ts";
import { timeoutSignal } from "../../../async/timeout_signal.ts";
import type { Login } from "./registry_login.ts";

const log = logger("docker");

/** One that asks a person waits for ever: nobody sits before this device. */
const TIMEOUT_MS = 10_000;
const MOST_BYTES = 64 * 1024;
/** Where a helper hands out a token in the place of a name and a password. */
const TOKEN = "<token>";

/** Null where it knows no login, is not there, or does not answer in time. What it says is told to nobody. */
export async function runCredentialHelper(
  name: string,
  server: string,
  timeoutMs: number = TIMEOUT_MS,
): Promise<Omit<Login, "server"> | null> {
  const program = `docker-credential-${name}`;
  // A name with a slash would be any program of the device.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return null;
  try {
    const answer = await run(program, { input: server, timeoutMs });
    if (answer === null) return null;
    const { Username: username, Secret: secret } = JSON.parse(answer) as { Username?: string; Secret?: string };
    if (typeof username !== "string" || typeof secret !== "string" || secret === "") return null;
    const from = `"${program}"`;
    return username === TOKEN
      ? { from, username: "", password: "", identityToken: secret }
      : { from, username, password: secret, identityToken: null };
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "it is not there" : "it did not answer";
    log.warn('"{program}" was not asked for a login: {why}', { program, why });
    return null;
  }
}

/** What it wrote; null when it ended with an error, which says that it has none. */
async function run(
  program: string,
  { input, timeoutMs }: { input: string; timeoutMs: number },
): Promise<string | null> {
  using limit = timeoutSignal({ ms: timeoutMs });
  const child = new Deno.Command(program, { args: ["get"], stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  // Also one that has closed its output and stays.
  limit.signal.addEventListener("abort", () => kill(child), { once: true });
  try {
    await say(child, `${input}\n`);
    const decoder = new TextDecoder();
    let output = "";
    for await (const chunk of abortableIterator(child.stdout, limit.signal)) {
      output += decoder.decode(chunk, { stream: true });
      if (output.length > MOST_BYTES) throw new Error("it says too much");
    }
    return (await child.status).success ? output : null;
  } catch (error) {
    kill(child);
    throw error;
  } finally {
    await child.status;
  }
}

async function say(child: Deno.ChildProcess, text: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // It does not listen: what it answers is what counts.
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
}
