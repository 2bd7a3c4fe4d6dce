/** Where programs come from: images of registries, and downloads. */
import { repositoryOf } from "../image_name.ts";

/**
 * Whether one of `patterns` means the image's repository. A pattern is a repository, and what ends with "/*" is all below
 * it; both as images are written, so that "nginx" is "docker.io/library/nginx".
 */
export function isFromAllowed(image: string, patterns: readonly string[]): boolean {
  const repository = repositoryOf(image);
  return patterns.some((pattern) => {
    if (!pattern.endsWith("/*")) return repositoryOf(pattern) === repository;
    const directory = pattern.slice(0, -1);
    const isHost = /[.:]/.test(directory.split("/")[0]!) || directory.startsWith("localhost/");
    return repository.startsWith(isHost ? directory : `docker.io/${directory}`);
  });
}

/** "*.example.org" is every host below it, and not itself. */
export function isHostAllowed(host: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern);
}

/**
 * Whether a host of a URL is an address that only this machine's own link knows: clouds answer there with credentials
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html), and no download lies there.
 */
export function isLinkLocal(host: string): boolean {
  return /^169\.254\.\d+\.\d+$/.test(host) || /^\[fe[89ab][0-9a-f]:/.test(host) || /^\[::ffff:a9fe:/.test(host);
}
