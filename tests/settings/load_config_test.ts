import assert from "node:assert/strict";
import { join } from "node:path";
import { loadGiven as load, URL_LINE } from "./load_given.ts";

Deno.test("settings have a default for all but the repository's URL", async () => {
  const { cwd, settings } = await load({ text: URL_LINE, env: { HOME: "/home/ada" } });
  assert.deepEqual(settings, {
    file: join(cwd, "config.toml"),
    listenAddress: "0.0.0.0",
    listenPort: 3080,
    dataDir: join(cwd, "data"),
    device: "host",
    labels: {},
    repo: {
      url: "https://git.example.org/fleet.git",
      ref: { type: "branch", name: "main" },
      caFile: null,
      proxy: null,
      sshKeyFile: null,
      knownHostsFile: null,
      path: ".",
      intervalMs: 60_000,
      timeoutMs: 60_000,
      username: "x-access-token",
      token: null,
    },
    trust: { verify: "none", allowedSigners: null, requireFastForward: false },
    webhook: { secrets: [], trustedProxies: [] },
    secrets: { identityFile: null },
    commitStatus: null,
    daemon: { releaseUrl: null, releaseSigners: null },
    notify: [],
    docker: { host: "unix:///var/run/docker.sock", configFile: "/home/ada/.docker/config.json" },
    registries: {},
    runtime: { dockerEnabled: true, nativeEnabled: true, defaultMode: null, modes: {} },
    native: { portRange: { from: 20_000, to: 29_999 }, uidRange: { from: 64_000, to: 64_999 } },
    limits: { memoryReserveBytes: 64 * 1024 ** 2, diskReserveBytes: 128 * 1024 ** 2 },
    rollout: { pruneGraceMs: 0, scope: "workload", windows: [] },
    policy: settings!.policy,
    log: { level: "info", format: "text" },
  });
});

Deno.test("settings name every problem at once, each with its place", async () => {
  const text =
    'listen_prot = 1\nlisten_port = 70000\nurl = "x"\n[repo]\nbranch = "a b"\ninterval = 60\n[log]\nlevel = "warn"\n';
  const env = { HARBORNODE_LISTEN_PROT: "1", HARBORNODE_LISTEN_PORT: "x" };
  const { problems } = await load({ text, env });
  assert.deepEqual(problems, [
    'config.toml:1:1: listen_prot: there is no field named "listen_prot" | did you mean "listen_port"?',
    "config.toml:2:15: listen_port: is 70000, wanted a whole number from 0 to 65535 | ",
    'config.toml:3:1: url: there is no field named "url" | it belongs below [repo]',
    'config.toml:4:2: repo: the field "url" is missing | write url = "https://git.example.org/fleet.git" below [repo]',
    'config.toml:5:10: repo.branch: is "a b", wanted the name of a branch | ',
    'config.toml:6:12: repo.interval: 60 has no unit, wanted a duration like "10s", "1m30s" or "500ms" | write "60s" for seconds',
    'config.toml:8:9: log.level: is "warn", wanted "debug", "info", "warning" or "error" | did you mean "warning"?',
    'environment: HARBORNODE_LISTEN_PROT: there is no setting of this name | did you mean "HARBORNODE_LISTEN_PORT"?',
    'environment: HARBORNODE_LISTEN_PORT: is "x", wanted a whole number from 0 to 65535 | ',
  ]);
});

Deno.test("settings take secrets from files, without the line end that editors add", async () => {
  const text = `${URL_LINE}token_file = "token"\n[webhook]\nsecret_file = "secret"\n`;
  const { settings } = await load({ text, files: { token: "s3cr3t-token\n", secret: "s3cr3t-hook\r\n" } });
  assert.deepEqual([settings?.repo.token, settings?.webhook.secrets[0]], ["s3cr3t-token", "s3cr3t-hook"]);
});

Deno.test("settings never quote a secret, wherever it was put", async () => {
  const cases = [
    `[repo]\nurl = "https://me:s3cr3t@git.example.org/x.git"\n`,
    `repo = "https://me:s3cr3t@git.example.org/x.git"\n`,
    `repo = ["https://me:s3cr3t@git.example.org/x.git"]\n`,
    `${URL_LINE}token = "s3cr3t"\ntoken_file = "token"\n`,
    `${URL_LINE}token = ["s3cr3t"]\n`,
    `${URL_LINE}token = s3cr3t\n`,
    `${URL_LINE}token = "s3cr3t\n`,
    `${URL_LINE}token_file = "nowhere"\n`,
    `${URL_LINE}token_file = "s3cr3t"\n`,
    `${URL_LINE}[webhook]\nsecret = ""\n`,
    `${URL_LINE}[webhook]\nsecret_file = "s3cr3t"\n`,
    `webhook = "s3cr3t"\n${URL_LINE}`,
    `${URL_LINE}[registry]\n"ghcr.io" = "s3cr3t"\n`,
    `${URL_LINE}[registry."ghcr.io"]\npassword = "s3cr3t"\n`,
    `${URL_LINE}[registry."ghcr.io"]\nusername = "ada"\npassword = ["s3cr3t"]\n`,
    `${URL_LINE}[registry."ghcr.io"]\nusername = "ada"\npassword_file = "s3cr3t"\n`,
    `${URL_LINE}[registry.ghcr.io]\nusername = "ada"\npassword = "s3cr3t"\n`,
  ];
  for (const text of cases) {
    const { problems } = await load({ text, files: { token: "s3cr3t" } });
    assert.ok(problems.length > 0, text);
    assert.ok(!problems.join().includes("s3cr3t"), problems.join("\n"));
  }
});

Deno.test("settings name logins of registries by host, with the password in a file or beside it", async () => {
  const text = `${URL_LINE}[registry."ghcr.io"]\nusername = "ada"\npassword_file = "ghcr"\n` +
    `[registry."127.0.0.1:5000"]\nusername = "bob"\npassword = "b0b"\n`;
  const { settings } = await load({ text, files: { ghcr: "s3cr3t\n" } });
  assert.deepEqual(settings?.registries, {
    "ghcr.io": { username: "ada", password: "s3cr3t" },
    "127.0.0.1:5000": { username: "bob", password: "b0b" },
  });
});

Deno.test("settings name what is wrong with the login of a registry", async () => {
  const text = `${URL_LINE}[registry."https://ghcr.io"]\nusername = "ada"\n[registry."quay.io"]\nuser = "ada"\n` +
    `[registry.example.org]\nusername = "ada"\npassword = "p"\n`;
  assert.deepEqual((await load({ text })).problems, [
    'config.toml:3:11: registry."https://ghcr.io": the name "https://ghcr.io" is no host of a registry | write it as images begin, like [registry."ghcr.io"]; Docker Hub is "docker.io"',
    'config.toml:5:11: registry."quay.io": the field "username" is missing | write username = "..."',
    'config.toml:5:11: registry."quay.io": the field "password_file" is missing | write password_file = "..."',
    'config.toml:6:1: registry."quay.io".user: there is no field named "user" | did you mean "username"?',
    'config.toml:7:19: registry.example.org: there is no field named "org" | a host has quotes around it: [registry."registry.example.org"]',
  ]);
});

Deno.test("settings of a section that is no table are one problem, and no second one is made of it", async () => {
  const hint = (name: string) => `is no table | write [${name}] on a line of its own, and its settings below`;
  assert.deepEqual((await load({ text: 'repo = "x"\n' })).problems, [`config.toml:1:8: repo: ${hint("repo")}`]);
  assert.deepEqual((await load({ text: `[[repo]]\nurl = "x"\n` })).problems, [
    `config.toml:1:3: repo: ${hint("repo")}`,
  ]);
  assert.deepEqual((await load({ text: `webhook = 1\n${URL_LINE}` })).problems, [
    `config.toml:1:11: webhook: ${hint("webhook")}`,
  ]);
});

Deno.test("settings take ranges, sizes and modes", async () => {
  const text = `${URL_LINE}
    [native]
    port_range = "30000-30099"
    uid_range = "70000-70000"
    [limits]
    memory_reserve = "1Gi"
    disk_reserve = "500M"
    [runtime.modes]
    web = "docker"
    cam-2 = "native"
  `;
  const { settings, problems } = await load({ text });
  assert.deepEqual(problems, []);
  assert.deepEqual(settings?.native, {
    portRange: { from: 30_000, to: 30_099 },
    uidRange: { from: 70_000, to: 70_000 },
  });
  assert.deepEqual(settings?.limits, { memoryReserveBytes: 1024 ** 3, diskReserveBytes: 500_000_000 });
  assert.deepEqual(settings?.runtime.modes, { web: "docker", "cam-2": "native" });
  for (const off of ["off", ""]) {
    assert.equal((await load({ text: `${URL_LINE}[native]\nuid_range = "${off}"\n` })).settings?.native.uidRange, null);
  }
});

Deno.test("settings of limits and ranges are refused where they would not mean what they seem to", async () => {
  const cases: [string, RegExp][] = [
    ['[native]\nport_range = "0-100"', /port_range: is "0-100", wanted a range like "20000-29999", from 1 to 65535/],
    ['[native]\nport_range = "100-70000"', /is "100-70000", wanted a range/],
    ['[native]\nport_range = "off"', /is "off", wanted a range/],
    ["[native]\nport_range = 20000", /is 20000, wanted a range/],
    ['[native]\nport_range = "300-200"', /ends before it begins \| write "200-300"/],
    ['[native]\nuid_range = "0-10"', /is "0-10", wanted a range like "64000-64999", from 1000 to 4294967293/],
    ['[native]\nuid_range = "65000-66000"', /is "65000-66000", and 65534 in it is the user "nobody"/],
    ['[native]\nuid_range = "65535-65600"', /65535 in it is the 16-bit word for no user/],
    ["[native]\nuid_range = false", /is false, wanted a range/],
    ['[limits]\nmemory_reserve = "64"', /is "64", wanted a size like "64Mi"/],
    ['[limits]\ndisk_reserve = "0Mi"', /is "0Mi", wanted a size/],
    ['[runtime.modes]\nweb = "podman"', /runtime\.modes\.web: is "podman", wanted "native" or "docker"/],
    ['[runtime.modes]\n"a b" = "docker"', /the name "a b" is not the name of a workload/],
    ['[runtime]\nmodes = "docker"', /runtime\.modes: is "docker", wanted a table/],
  ];
  for (const [text, expected] of cases) {
    const { problems } = await load({ text: `${URL_LINE}${text}\n` });
    assert.equal(problems.length, 1, `${text}: ${problems.join("\n")}`);
    assert.match(problems[0]!, expected);
  }
});

Deno.test("settings that are not there, or no TOML, are a problem with a hint", async () => {
  assert.match((await load({})).problems[0]!, /^config\.toml: there is no such file \| make one with at least/);
  assert.match((await load({ file: "other.toml" })).problems[0]!, /^other\.toml: there is no such file/);
  assert.match((await load({ text: "listen_port = \n" })).problems[0]!, /^config\.toml:\d+:\d+: /);
});

Deno.test("settings in a file that cannot be read have a hint that fits", async () => {
  const folder = await load({ files: { "settings.d/config.toml": URL_LINE }, file: "settings.d" });
  assert.deepEqual(folder.problems, [
    "settings.d: cannot be read: is a directory | name the file inside of it, like config.toml",
  ]);
  const below = await load({ text: URL_LINE, file: "config.toml/x.toml" });
  assert.deepEqual(below.problems, [
    "config.toml/x.toml: cannot be read: not a directory | look at what is there with: ls -l",
  ]);
});
