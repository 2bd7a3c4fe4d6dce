/** Secrets in the settings, so that logs and bundles can hide them. */
import type { Settings } from "./settings.ts";

/** Returns every value of the settings that must never be shown. */
export function secretValues({ repo, webhook, commitStatus, registries, notify }: Settings): string[] {
  const all = [
    repo.token,
    ...webhook.secrets,
    commitStatus?.token ?? null,
    ...Object.values(registries).map(({ password }) => password),
    ...notify.flatMap(({ url, secret, token }) => [url, secret, token]),
  ];
  return all.filter((value) => value !== null);
}
