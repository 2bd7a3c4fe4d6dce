/** Who the device is to a registry, as Docker takes it and nobody is ever shown it. */
export interface Login {
  /** The file or program that it came from, for a hint; null for the settings. */
  from: string | null;
  username: string;
  password: string;
  /** In the place of both, where a registry gave one at "docker login". */
  identityToken: string | null;
  /** As the registry is called in what Docker sends on. */
  server: string;
}

/** https://docs.docker.com/reference/api/engine/version/v1.41/#section/Authentication */
export function authHeaders(login: Login | null): Record<string, string> {
  if (login === null) return {};
  const { username, password, identityToken, server: serveraddress } = login;
  const auth = identityToken === null
    ? { username, password, serveraddress }
    : { identitytoken: identityToken, serveraddress };
  const bytes = new TextEncoder().encode(JSON.stringify(auth));
  return { "x-registry-auth": bytes.toBase64({ alphabet: "base64url" }) };
}

/** A registry may say again what it was told. */
export function redactLogin(message: string, login: Login | null): string {
  const secrets = login === null ? [] : [login.password, login.identityToken ?? ""];
  return secrets.filter((secret) => secret !== "").reduce((text, secret) => text.replaceAll(secret, "***"), message);
}
