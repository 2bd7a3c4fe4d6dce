import assert from "node:assert/strict";
import { runCredentialHelper } from "../../../../src/runtime/docker/image/credential_helper.ts";
import { Credentials, type CredentialSources } from "../../../../src/runtime/docker/image/find_registry_login.ts";
import { authHeaders, redactLogin } from "../../../../src/runtime/docker/image/registry_login.ts";
import { removeImage } from "../../../support/docker_image.ts";
import { testNeeding } from "../../../support/prerequisite.ts";
import { tempDir } from "../../../support/temp.ts";
import { dockerDevice } from "../docker_device.ts";
import { ADA, imageRegistry } from "./image_registry.ts";

const NEVER = new AbortController().signal;
const AUTH = btoa(`${ADA.username}:${ADA.password}`);

/** Docker's config.json with this in it, and nothing in the settings. */
async function dockerConfig(config: unknown): Promise<CredentialSources & AsyncDisposable> {
  const dir = await tempDir();
  const configFile = `${dir.path}/config.json`;
  await Deno.writeTextFile(configFile, typeof config === "string" ? config : JSON.stringify(config));
  return { registries: {}, configFile, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

/** A program that Docker's tools would find, for as long as this is held. */
async function helper(name: string, script: string): Promise<AsyncDisposable> {
  const dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/docker-credential-${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const path = Deno.env.get("PATH") ?? "";
  Deno.env.set("PATH", `${dir.path}:${path}`);
  return {
    async [Symbol.asyncDispose]() {
      Deno.env.set("PATH", path);
      await dir[Symbol.asyncDispose]();
    },
  };
}

await testNeeding(
  ["docker", "busybox", "registry"],
  "docker pulls from a registry with a door as whom the owner says, or tells what is missing",
  async () => {
    await using registry = await imageRegistry({ isLocked: true });
    const { host } = registry;
    const ways: [sources: Partial<CredentialSources>, hint: string | null][] = [
      [{}, `set username and password_file in [registry."${host}"] of config.toml`],
      [{ registries: { [host]: { ...ADA, password: "wr0ng" } } }, `check [registry."${host}"] of config.toml`],
      [{ registries: { [host]: ADA } }, null],
    ];
    for (const [sources, hint] of ways) {
      await using device = await dockerDevice({
        credentials: { registries: {}, configFile: "/nonexistent/config.json", ...sources },
      });
      const image = await registry.push(device.image);
      const pull = device.runtime.prepare(device.workload({ image }), () => {}, NEVER);
      if (hint === null) await pull;
      else await assert.rejects(pull, { name: "Failure", kind: "refused", reason: "image_pull_failed", hint });
      await removeImage(image);
    }
  },
);

await testNeeding(
  ["docker", "busybox", "registry"],
  "docker pulls from a registry with a door with what docker login left behind",
  async () => {
    await using registry = await imageRegistry({ isLocked: true });
    await using config = await dockerConfig({ auths: { [`http://${registry.host}/v2/`]: { auth: AUTH } } });
    await using device = await dockerDevice({ credentials: config });
    const image = await registry.push(device.image);
    await device.runtime.prepare(device.workload({ image }), () => {}, NEVER);
  },
);

Deno.test("the owner's word on a registry comes before docker's own file", async () => {
  await using config = await dockerConfig({ auths: { "ghcr.io": { auth: AUTH } } });
  const registries = { "ghcr.io": { username: "bob", password: "b0b" } };
  assert.equal((await new Credentials({ ...config, registries }).of("ghcr.io"))?.username, "bob");
  assert.equal((await new Credentials(config).of("ghcr.io"))?.username, "ada");
  assert.equal(await new Credentials(config).of("quay.io"), null);
});

Deno.test("logins are found under every name that docker's tools have written", async () => {
  await using config = await dockerConfig({
    auths: {
      "https://index.docker.io/v1/": { auth: AUTH },
      "https://quay.io": { auth: btoa("q:a:b") },
      "ghcr.io": { identitytoken: "t0ken" },
      "empty.example": {},
      "odd.example": { auth: "" },
    },
  });
  const credentials = new Credentials(config);
  const hub = await credentials.of("docker.io");
  assert.deepEqual([hub?.username, hub?.password, hub?.server], [
    ADA.username,
    ADA.password,
    "https://index.docker.io/v1/",
  ]);
  assert.equal((await credentials.of("quay.io"))?.password, "a:b");
  assert.equal((await credentials.of("ghcr.io"))?.identityToken, "t0ken");
  for (const host of ["empty.example", "odd.example", "__proto__", "constructor"]) {
    assert.equal(await credentials.of(host), null, host);
  }
});

Deno.test("a file of docker's that is broken leaves its logins out, and nothing else", async () => {
  for (const text of ["{", "null", "[]", '"x"', '{"auths":1}', '{"auths":{"ghcr.io":{"auth":"?"}}}']) {
    await using config = await dockerConfig(text);
    assert.equal(await new Credentials(config).of("ghcr.io"), null, text);
  }
});

Deno.test("a helper is asked for the registry that it is for, and hands out a password or a token", async () => {
  await using _program = await helper(
    "test",
    `read host
case $host in
ghcr.io) echo '{"ServerURL":"ghcr.io","Username":"ada","Secret":"harbor-s3cr3t"}';;
quay.io) echo '{"ServerURL":"quay.io","Username":"<token>","Secret":"t0ken"}';;
*) echo "credentials not found in native keychain"; exit 1;;
esac`,
  );
  await using config = await dockerConfig({ credHelpers: { "ghcr.io": "test" }, credsStore: "test" });
  const credentials = new Credentials(config);
  assert.equal((await credentials.of("ghcr.io"))?.password, "harbor-s3cr3t");
  assert.equal((await credentials.of("quay.io"))?.identityToken, "t0ken");
  assert.equal(await credentials.of("example.org"), null);
});

Deno.test("a helper that hangs, floods or is not there costs a while, and nothing else", async () => {
  assert.equal(await runCredentialHelper("nowhere", "ghcr.io"), null);
  assert.equal(await runCredentialHelper("../../bin/sh", "ghcr.io"), null);
  const hostile = [
    "exec sleep 1000",
    "exec >&-; exec sleep 1000",
    "exec yes",
    "echo no json",
    "sleep 2 & exec sleep 1000",
  ];
  for (const script of hostile) {
    await using _program = await helper("hostile", script);
    assert.equal(await runCredentialHelper("hostile", "ghcr.io", 300), null, script);
  }
});

Deno.test("what docker is told of a login is not told to anybody else", () => {
  const login = { from: null, username: "ada", password: "p?>", identityToken: null, server: "ghcr.io" };
  assert.deepEqual(authHeaders(null), {});
  const header = authHeaders(login)["x-registry-auth"]!;
  assert.ok(!/[+/]/.test(header), header);
  const { username, password, serveraddress } = JSON.parse(
    new TextDecoder().decode(Uint8Array.fromBase64(header, { alphabet: "base64url" })),
  );
  assert.deepEqual([username, password, serveraddress], ["ada", "p?>", "ghcr.io"]);
  assert.equal(redactLogin("unauthorized: ada with p?> is nobody", login), "unauthorized: ada with *** is nobody");
  assert.equal(redactLogin("unauthorized", null), "unauthorized");
});
