/** Small images made on the spot, without a registry, a Dockerfile or the docker command: Docker imports a tar archive. */
import { DOCKER_SOCKET } from "./prerequisite.ts";
import { tar, type TarEntry } from "./tar.ts";

/**
 * Makes an image of these files. `changes` are lines of a Dockerfile like `CMD ["/bin/sh"]`; CMD ENTRYPOINT ENV EXPOSE
 * HEALTHCHECK USER VOLUME WORKDIR and LABEL are known to Docker here; STOPSIGNAL is added by a build.
 */
export async function importImage(
  name: string,
  options: { entries: readonly TarEntry[]; changes?: readonly string[]; socket?: string },
): Promise<void> {
  const { repository, tag } = splitName(name);
  const query = new URLSearchParams({ fromSrc: "-", repo: repository, tag });
  const { true: built = [], false: changes = [] } = Object.groupBy(
    options.changes ?? [],
    (change) => `${change.startsWith("STOPSIGNAL")}`,
  );
  for (const change of changes) query.append("changes", change);
  const answer = await dockerCall(`/images/create?${query}`, {
    method: "POST",
    headers: { "content-type": "application/x-tar" },
    body: tar(options.entries),
  }, options.socket);
  if (answer.status !== 200 || answer.text.includes('"error"')) {
    throw new Error(`cannot import ${name}: ${answer.text}`);
  }
  // Podman gives what it imports no name.
  const id = /"status":"((?:sha256:)?[0-9a-f]{64})/.exec(answer.text)?.[1];
  if (id !== undefined) {
    await dockerCall(`/images/${id}/tag?repo=${repository}&tag=${tag}`, { method: "POST" }, options.socket);
  }
  if (built.length > 0) await build(name, built, options.socket);
}

async function build(name: string, lines: readonly string[], socket?: string): Promise<void> {
  const content = new TextEncoder().encode(`FROM ${name}\n${lines.join("\n")}\n`);
  const answer = await dockerCall(`/build?${new URLSearchParams({ t: name, version: "1" })}`, {
    method: "POST",
    headers: { "content-type": "application/x-tar" },
    body: tar([{ path: "Dockerfile", content }]),
  }, socket);
  if (answer.status !== 200 || answer.text.includes('"error"')) throw new Error(`cannot build ${name}: ${answer.text}`);
}

/** Also where a container still uses it; calling it for an image that is not there is harmless. */
export async function removeImage(name: string, socket?: string): Promise<void> {
  await dockerCall(`/images/${name}?force=1`, { method: "DELETE" }, socket);
}

/** An image of the machine's static busybox with all its commands in /bin, named for this test alone. */
export async function busyboxImage(
  options: { changes?: string[]; name?: string } = {},
): Promise<{ name: string } & AsyncDisposable> {
  const name = options.name ?? `harbornode-test:${crypto.randomUUID().slice(0, 8)}`;
  await importImage(name, {
    entries: await busyboxEntries(),
    changes: options.changes ?? ['CMD ["/bin/sleep", "1000000"]'],
  });
  return { name, [Symbol.asyncDispose]: () => removeImage(name) };
}

/** A root folder: /bin with busybox and a link for each of its commands, and the few folders that programs expect. */
export async function busyboxEntries(): Promise<TarEntry[]> {
  const path = await findBusybox();
  const { stdout } = await new Deno.Command(path, { args: ["--list"], stdin: "null" }).output();
  const commands = new TextDecoder().decode(stdout).trim().split("\n").filter((command) => command !== "busybox");
  return [
    { path: "bin", folder: true },
    { path: "etc", folder: true },
    { path: "tmp", folder: true, mode: 0o1777 },
    {
      path: "etc/passwd",
      content: new TextEncoder().encode("root:x:0:0:root:/:/bin/sh\nada:x:1000:1000::/:/bin/sh\n"),
    },
    { path: "etc/group", content: new TextEncoder().encode("root:x:0:\nada:x:1000:\n") },
    { path: "bin/busybox", content: await Deno.readFile(path), mode: 0o755 },
    ...commands.map((command) => ({ path: `bin/${command}`, linkTo: "busybox" })),
  ];
}

async function findBusybox(): Promise<string> {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    if (await Deno.stat(`${directory}/busybox`).then(() => true, () => false)) return `${directory}/busybox`;
  }
  throw new Error("no busybox in PATH");
}

function splitName(name: string): { repository: string; tag: string } {
  const colon = name.lastIndexOf(":");
  return colon > name.lastIndexOf("/")
    ? { repository: name.slice(0, colon), tag: name.slice(colon + 1) }
    : { repository: name, tag: "latest" };
}

/** One call to Docker, read to its end. For tests that look at or change what our runtime did behind its back. */
export async function dockerCall(
  path: string,
  init: RequestInit = {},
  socket: string = DOCKER_SOCKET,
): Promise<{ status: number; text: string }> {
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  try {
    const answer = await fetch(`http://localhost${path}`, { ...init, client });
    return { status: answer.status, text: await answer.text() };
  } finally {
    client.close();
  }
}
