/** [pure] Names of images, as github.com/distribution/reference takes them apart. */
import { Failure } from "../failure.ts";

/** A name from git becomes part of a path: nothing in it may lead elsewhere. Throws a `Failure`. */
export function imagePath(image: string): string {
  if (!/^[a-zA-Z0-9[][\w.:@/[\]-]*$/.test(image) || image.split("/").some((part) => /^\.*$/.test(part))) {
    throw new Failure(`"${image}" is not the name of an image`, {
      kind: "mistake",
      reason: "image_not_found",
      hint: 'write it like "nginx:1.27" or "registry.example.org/team/web:1"',
    });
  }
  return image;
}

/** Without a tag Docker would bring every tag there is. */
export function pullQuery(image: string): { fromImage: string; tag: string } {
  const { name, tag, digest } = parts(image);
  return { fromImage: name, tag: digest ?? tag ?? "latest" };
}

/** The host that an image comes from: "docker.io", "ghcr.io", "127.0.0.1:5000". */
export function registryOf(image: string): string {
  return repositoryOf(image).split("/")[0]!;
}

/** In full, without tag and digest: "docker.io/library/nginx" of "nginx:1.27". */
export function repositoryOf(image: string): string {
  const { name } = parts(image);
  const [first = "", ...rest] = name.split("/");
  if (rest.length === 0) return `docker.io/library/${first}`;
  const isHost = /[.:]/.test(first) || first === "localhost";
  if (!isHost) return `docker.io/${name}`;
  const host = first === "index.docker.io" ? "docker.io" : first;
  return host === "docker.io" && rest.length === 1 ? `docker.io/library/${rest[0]}` : [host, ...rest].join("/");
}

/** With its registry, and its tag or digest: what two ways of writing one image have in common. */
export function fullName(image: string): string {
  const { tag, digest } = parts(image);
  return `${repositoryOf(image)}${digest === null ? `:${tag ?? "latest"}` : `@${digest}`}`;
}

/** Of an image's names with digests ("nginx@sha256:..."), the digest that it has in the repository of `image`. */
export function digestIn(names: readonly string[], image: string): string | null {
  // Started by its id alone, it has no repository.
  const isId = /^sha256:[0-9a-f]{64}$/.test(image);
  const found = names.find((name) => isId || repositoryOf(name) === repositoryOf(image));
  return found === undefined ? null : parts(found).digest;
}

function parts(image: string): { name: string; tag: string | null; digest: string | null } {
  const [named = "", digest = null] = image.split("@");
  const colon = named.lastIndexOf(":");
  if (colon <= named.lastIndexOf("/")) return { name: named, tag: null, digest };
  return { name: named.slice(0, colon), tag: named.slice(colon + 1), digest };
}
