import assert from "node:assert/strict";
import { loadGiven, URL_LINE } from "./load_given.ts";

Deno.test("settings of the webhook take secrets from every place, each once", async () => {
  const text = `${URL_LINE}[webhook]\nsecret = "a"\nsecrets = ["b", "a"]\nsecret_files = ["c", "d"]\n` +
    'trusted_proxies = ["10.0.0.0/8", "fd00::/8", "192.0.2.1"]\n';
  const { settings } = await loadGiven({ text, files: { c: "see\n", d: "dee" } });
  assert.deepEqual(settings?.webhook, {
    secrets: ["a", "b", "see", "dee"],
    trustedProxies: ["10.0.0.0/8", "fd00::/8", "192.0.2.1"],
  });
  const env = { HARBORNODE_REPO_URL: "/srv/fleet", HARBORNODE_WEBHOOK_SECRETS: "a, b" };
  assert.deepEqual((await loadGiven({ env })).settings?.webhook.secrets, ["a", "b"]);
});

Deno.test("settings of the webhook say what is wrong with each of several, and quote none", async () => {
  const text = `${URL_LINE}[webhook]\nsecrets = "s3cr3t"\nsecret_files = ["gone", "empty"]\n` +
    'trusted_proxies = ["proxy.example.org", "10.0.0.0/40"]\n';
  const { problems } = await loadGiven({ text, files: { empty: "" } });
  assert.deepEqual(problems.map((problem) => problem.replace(/ \| .*/, "")), [
    "config.toml:4:11: webhook.secrets: is no array of secrets",
    "config.toml:5:17: webhook.secret_files[0]: names a file that cannot be read: no such file or directory",
    "config.toml:5:25: webhook.secret_files[1]: names a file that is empty",
    'config.toml:6:20: webhook.trusted_proxies[0]: is "proxy.example.org", wanted a network like "10.0.0.0/8" or "fd00::/8", or an address',
    'config.toml:6:41: webhook.trusted_proxies[1]: is "10.0.0.0/40", wanted a network like "10.0.0.0/8" or "fd00::/8", or an address',
  ]);
  assert.ok(!problems.join().includes("s3cr3t"));
});
