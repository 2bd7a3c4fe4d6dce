/** Every value of the settings that must never be shown. */
import type { Settings } from "./settings.ts";

export function secretValues({ repo, webhook, commitStatus, registries, notify }: Settings): string[] {
  const all = [
    repo.token,
    ...webhook.secrets,
    commitStatus?.token ?? null,
    ...Object.values(registries).map(({ password }) => password),
    ...notify.flatMap(({ url, secret, token }) => [url, secret, token]),
  ];
  return all.filter((one) => one !== null);
}
