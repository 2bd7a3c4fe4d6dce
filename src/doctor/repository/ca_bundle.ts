/** Whom servers are believed by. The daemon's unit has the system's store; a shell has none of the unit's environment. */

/** Where distributions keep all of them in one file: Debian, Fedora, openSUSE, others. */
export const CA_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

type Environment = Readonly<Record<string, string>>;

/** A file with the system's authorities, where this process does not believe them by itself; null otherwise. */
export async function systemCaBundle(env: Environment): Promise<string | null> {
  return env.DENO_TLS_CA_STORE?.includes("system") ? null : await bundleFile(env);
}

/** Null where the system has none. */
export async function bundleFile(env: Environment, root = "/"): Promise<string | null> {
  const places = env.SSL_CERT_FILE === undefined ? CA_BUNDLES : [env.SSL_CERT_FILE];
  for (const place of places) {
    const path = root === "/" ? place : `${root}${place}`;
    if (await Deno.stat(path).then((info) => info.isFile, () => false)) return path;
  }
  return null;
}

/** For a request of ours to the repository's host, as the daemon would make it. Close it. */
export async function httpClient(
  { caFile, proxy }: { caFile: string | null; proxy: string | null },
  env: Environment,
): Promise<Deno.HttpClient> {
  const files = [caFile, await systemCaBundle(env)].filter((file) => file !== null);
  const caCerts = await Promise.all(files.map((file) => Deno.readTextFile(file)));
  return Deno.createHttpClient({ caCerts, ...(proxy === null ? {} : { proxy: { url: proxy } }) });
}
