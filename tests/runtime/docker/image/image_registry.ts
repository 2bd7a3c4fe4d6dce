/** A real registry on loopback, from Debian's package docker-registry; Docker needs no TLS for 127.0.0.0/8. */
import { eventually } from "../../../support/eventually.ts";
import { dockerCall, removeImage } from "../../../support/docker_image.ts";
import { tempDir } from "../../../support/temp.ts";

export interface ImageRegistry extends AsyncDisposable {
  /** "127.0.0.1:40123" */
  host: string;
  /** Puts a local image there, and takes the copy of that name off the machine again. Returns its name in the registry. */
  push(image: string): Promise<string>;
  /** A name for images that are there already, each as the one for its architecture; one that is there moves. */
  list(tag: string, byArchitecture: Record<string, string>): Promise<string>;
  /** What the registry says that the name stands for now. */
  digest(name: string): Promise<string>;
  /** From now on nobody listens there. */
  stop(): Promise<void>;
  /** A damaged disk: what is of this size at least is gone, though manifests name it. */
  lose(bytes: number): Promise<void>;
}

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const LIST = "application/vnd.docker.distribution.manifest.list.v2+json";

/** Whom a registry with a door lets in. */
export const ADA = { username: "ada", password: "harbor-s3cr3t" };
const HTPASSWD = "ada:$2b$04$vOpDr5zGIXE3q6t3kvb1CeRlJRe8NGrd1BiNB8K66nskvvVQN0aK.\n";

export async function imageRegistry({ isLocked = false } = {}): Promise<ImageRegistry> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const host = `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
  listener.close();
  const config = `${dir.path}/config.yml`;
  await Deno.writeTextFile(`${dir.path}/htpasswd`, HTPASSWD);
  const lock = isLocked ? `auth: {htpasswd: {realm: harbor, path: ${dir.path}/htpasswd}}\n` : "";
  await Deno.writeTextFile(
    config,
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${dir.path}/data}}\n` +
      `http: {addr: "${host}"}\n${lock}`,
  );
  const process = new Deno.Command("docker-registry", {
    args: ["serve", config],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) process.kill("SIGKILL");
    isStopped = true;
    await process.status;
  };
  stack.defer(stop);
  await eventually("the registry answers", async () => {
    const answer = await fetch(`http://${host}/v2/`, { headers: { connection: "close" } });
    await answer.body?.cancel();
    return answer.ok || answer.status === 401;
  });
  const door = isLocked ? { authorization: `Basic ${btoa(`${ADA.username}:${ADA.password}`)}` } : {};
  const names = new Set<string>();
  stack.defer(async () => {
    for (const name of names) await removeImage(name);
  });
  const owned = stack.move();
  return {
    host,
    stop,
    async push(image) {
      const { path, tag } = split(`${host}/${image}`);
      const repository = `${host}/${path}`;
      await dockerCall(`/images/${image}/tag?repo=${repository}&tag=${tag}`, { method: "POST" });
      const headers = { "x-registry-auth": btoa(JSON.stringify(isLocked ? { ...ADA, serveraddress: host } : {})) };
      const { text } = await dockerCall(`/images/${repository}/push?tag=${tag}`, { method: "POST", headers });
      if (text.includes('"error"')) throw new Error(text);
      const name = `${repository}:${tag}`;
      names.add(name);
      await removeImage(name);
      return name;
    },
    async list(tag, byArchitecture) {
      const mediaType = MANIFEST;
      const paths = Object.values(byArchitecture).map((pushed) => split(pushed).path);
      const path = paths[0]!;
      const manifests = await Promise.all(
        Object.entries(byArchitecture).map(async ([architecture, pushed]) => {
          const manifest = await fetch(`http://${host}/v2/${path}/manifests/${split(pushed).tag}`, {
            headers: { ...door, accept: mediaType, connection: "close" },
          });
          const size = (await manifest.arrayBuffer()).byteLength;
          const digest = manifest.headers.get("docker-content-digest");
          return { mediaType, size, digest, platform: { architecture, os: "linux" } };
        }),
      );
      const answer = await fetch(`http://${host}/v2/${path}/manifests/${tag}`, {
        method: "PUT",
        headers: { ...door, "content-type": LIST, connection: "close" },
        body: JSON.stringify({ schemaVersion: 2, mediaType: LIST, manifests }),
      });
      if (!answer.ok) throw new Error(await answer.text());
      await answer.body?.cancel();
      const name = `${host}/${path}:${tag}`;
      names.add(name);
      return name;
    },
    async digest(name) {
      const { path, tag } = split(name);
      const answer = await fetch(`http://${host}/v2/${path}/manifests/${tag}`, {
        headers: { ...door, accept: `${LIST}, ${MANIFEST}`, connection: "close" },
      });
      await answer.body?.cancel();
      return answer.headers.get("docker-content-digest")!;
    },
    async lose(bytes) {
      const blobs = `${dir.path}/data/docker/registry/v2/blobs/sha256`;
      for await (const two of Deno.readDir(blobs)) {
        for await (const blob of Deno.readDir(`${blobs}/${two.name}`)) {
          const directory = `${blobs}/${two.name}/${blob.name}`;
          if ((await Deno.stat(`${directory}/data`)).size >= bytes) await Deno.remove(directory, { recursive: true });
        }
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function split(name: string): { path: string; tag: string } {
  const [, path = "", tag = ""] = /^[^/]+\/(.+):([^:]+)$/.exec(name) ?? [];
  return { path, tag };
}
