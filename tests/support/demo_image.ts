/**
 * The image of the demo's deployment, made from what the machine has and nothing pulled: a static busybox where there
 * is one, else this Deno with the libraries it is linked to. Either serves the folder /www on port 80.
 */
import { missing } from "./prerequisite.ts";
import { busyboxEntries, dockerCall, importImage, removeImage } from "./docker_image.ts";
import type { TarEntry } from "./tar.ts";

const NAME = "harbornode-hello:1";

const SERVER = `Deno.serve({ port: 80 }, async (request) => {
  const path = new URL(request.url).pathname.replace(/\\/$/, "/index.html");
  try {
    const type = path.endsWith(".html") ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
    return new Response(await Deno.readFile("/www" + path), { headers: { "content-type": type } });
  } catch {
    return new Response("not here", { status: 404 });
  }
});
`;

/** `docker` tells whether a Docker answers; disposing removes the image unless it was there before. */
export async function helloImage(say: (line: string) => void): Promise<{ docker: boolean } & AsyncDisposable> {
  const why = await missing("docker");
  if (why !== null) {
    say(`without containers: ${why}`);
    return { docker: false, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const before = await dockerCall(`/images/${NAME}/json`);
  if (before.status === 200) return { docker: true, [Symbol.asyncDispose]: () => Promise.resolve() };
  const busybox = await staticBusybox();
  say(`an image ${NAME} made of this machine's ${busybox ? "busybox" : "Deno"}`);
  if (busybox) {
    const changes = ['CMD ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www"]'];
    await importImage(NAME, { entries: await busyboxEntries(), changes });
  } else {
    const changes = ['CMD ["/deno", "run", "-A", "--quiet", "--no-config", "/server.ts"]', "ENV DENO_DIR=/tmp"];
    await importImage(NAME, { entries: await denoEntries(), changes });
  }
  return { docker: true, [Symbol.asyncDispose]: () => removeImage(NAME) };
}

async function staticBusybox(): Promise<boolean> {
  if (await missing("busybox") !== null) return false;
  const path = (await output("sh", ["-c", "command -v busybox"])).trim();
  return (await libraries(path)).length === 0;
}

async function denoEntries(): Promise<TarEntry[]> {
  const paths = await libraries(Deno.execPath());
  const files = await Promise.all(
    paths.map(async (path): Promise<TarEntry> => ({
      path: path.slice(1),
      content: await Deno.readFile(path),
      mode: 0o755,
    })),
  );
  return [
    { path: "tmp", folder: true, mode: 0o1777 },
    { path: "deno", content: await Deno.readFile(Deno.execPath()), mode: 0o755 },
    { path: "server.ts", content: new TextEncoder().encode(SERVER) },
    ...files,
  ];
}

/** Absolute paths of the shared libraries and the loader that a program needs; none for a static one. */
async function libraries(program: string): Promise<string[]> {
  const listed = await output("ldd", [program]);
  return [...listed.matchAll(/(?:=> )?(\/[^\s(]+)/g)].map((match) => match[1]!);
}

async function output(program: string, args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args, stdin: "null", stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}
