/** A real registry on loopback, from Debian's package docker-registry; Docker needs no TLS for 127.0.0.0/8. */
import { eventually } from "../../../support/eventually.ts";
import { dockerCall, removeImage } from "../../../support/docker_image.ts";
import { tempDir } from "../../../support/temp.ts";

export interface ImageRegistry extends AsyncDisposable {
  /** "127.0.0.1:40123" */
  host: string;
  /** Puts a local image there, and takes the copy of that name off the machine again. Returns its name in the registry. */
  push(image: string): Promise<string>;
  /** A name for an image that is there for one foreign architecture alone. */
  onlyFor(architecture: string, pushed: string): Promise<string>;
  /** What the registry says that the name stands for now. */
  digest(name: string): Promise<string>;
  /** A damaged disk: what is of this size at least is gone, though manifests name it. */
  lose(bytes: number): Promise<void>;
}

export async function imageRegistry(): Promise<ImageRegistry> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const host = `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
  listener.close();
  const config = `${dir.path}/config.yml`;
  await Deno.writeTextFile(
    config,
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${dir.path}/data}}\nhttp: {addr: "${host}"}\n`,
  );
  const process = new Deno.Command("docker-registry", {
    args: ["serve", config],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  stack.defer(async () => {
    process.kill("SIGKILL");
    await process.status;
  });
  await eventually("the registry answers", async () => {
    const answer = await fetch(`http://${host}/v2/`, { headers: { connection: "close" } });
    await answer.body?.cancel();
    return answer.ok;
  });
  const names = new Set<string>();
  stack.defer(async () => {
    for (const name of names) await removeImage(name);
  });
  const owned = stack.move();
  return {
    host,
    async push(image) {
      const repository = `${host}/${image.split(":")[0]}`;
      const tag = image.split(":")[1] ?? "latest";
      await dockerCall(`/images/${image}/tag?repo=${repository}&tag=${tag}`, { method: "POST" });
      const headers = { "x-registry-auth": btoa("{}") };
      const { text } = await dockerCall(`/images/${repository}/push?tag=${tag}`, { method: "POST", headers });
      if (text.includes('"error"')) throw new Error(text);
      const name = `${repository}:${tag}`;
      names.add(name);
      await removeImage(name);
      return name;
    },
    async onlyFor(architecture, pushed) {
      const [, path = "", tag = ""] = /^[^/]+\/(.+):([^:]+)$/.exec(pushed) ?? [];
      const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
      const manifest = await fetch(`http://${host}/v2/${path}/manifests/${tag}`, {
        headers: { accept: mediaType, connection: "close" },
      });
      const size = (await manifest.arrayBuffer()).byteLength;
      const digest = manifest.headers.get("docker-content-digest");
      const answer = await fetch(`http://${host}/v2/${path}/manifests/${architecture}`, {
        method: "PUT",
        headers: {
          "content-type": "application/vnd.docker.distribution.manifest.list.v2+json",
          connection: "close",
        },
        body: JSON.stringify({
          schemaVersion: 2,
          mediaType: "application/vnd.docker.distribution.manifest.list.v2+json",
          manifests: [{ mediaType, size, digest, platform: { architecture, os: "linux" } }],
        }),
      });
      if (!answer.ok) throw new Error(await answer.text());
      await answer.body?.cancel();
      return `${host}/${path}:${architecture}`;
    },
    async digest(name) {
      const [, path = "", tag = ""] = /^[^/]+\/(.+):([^:]+)$/.exec(name) ?? [];
      const answer = await fetch(`http://${host}/v2/${path}/manifests/${tag}`, {
        headers: { accept: "application/vnd.docker.distribution.manifest.v2+json", connection: "close" },
      });
      await answer.body?.cancel();
      return answer.headers.get("docker-content-digest")!;
    },
    async lose(bytes) {
      const blobs = `${dir.path}/data/docker/registry/v2/blobs/sha256`;
      for await (const two of Deno.readDir(blobs)) {
        for await (const blob of Deno.readDir(`${blobs}/${two.name}`)) {
          const folder = `${blobs}/${two.name}/${blob.name}`;
          if ((await Deno.stat(`${folder}/data`)).size >= bytes) await Deno.remove(folder, { recursive: true });
        }
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
