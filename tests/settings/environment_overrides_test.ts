import assert from "node:assert/strict";
import { loadGiven, URL_LINE } from "./load_given.ts";

Deno.test("settings from the environment win over the file, and are enough without one", async () => {
  const env = {
    HARBORNODE_LISTEN_PORT: "8000",
    HARBORNODE_LABELS: "room=kitchen,model=pi4",
    HARBORNODE_RUNTIME_DOCKER_ENABLED: "false",
    HARBORNODE_REPO_INTERVAL: "5s",
  };
  const { settings } = await loadGiven({ text: `listen_port = 1\n${URL_LINE}`, env });
  assert.deepEqual(
    [settings?.listenPort, settings?.labels, settings?.runtime.dockerEnabled, settings?.repo.intervalMs],
    [8000, { room: "kitchen", model: "pi4" }, false, 5000],
  );
  const alone = await loadGiven({ env: { HARBORNODE_REPO_URL: "https://x.example/a.git" } });
  assert.equal(alone.settings?.repo.url, "https://x.example/a.git");
  assert.equal(alone.settings?.file, null);
});

Deno.test("settings that are lists, tables and ranges have one line in the environment", async () => {
  const env = {
    HARBORNODE_NATIVE_PORT_RANGE: "4000-4999",
    HARBORNODE_NATIVE_UID_RANGE: "off",
    HARBORNODE_LIMITS_MEMORY_RESERVE: "1Mi",
    HARBORNODE_POLICY_ALLOW_DEVICES: "/dev/ttyUSB*, /dev/video0",
    HARBORNODE_POLICY_ALLOW_CAPABILITIES: "",
    HARBORNODE_POLICY_ALLOW_GPUS: "true",
    HARBORNODE_POLICY_ALLOW_ROOT: "true",
    HARBORNODE_POLICY_ALLOW_HOST_PATHS: "/srv/media, /mnt",
    HARBORNODE_POLICY_PORTS: "80, 8000-8999",
    HARBORNODE_RUNTIME_MODES: "web=docker,cam=native",
  };
  const text = `${URL_LINE}[policy]\nallow_capabilities = ["CAP_NET_RAW"]\n`;
  const { settings, problems } = await loadGiven({ text, env });
  assert.deepEqual(problems, []);
  assert.deepEqual(settings?.native, { portRange: { from: 4000, to: 4999 }, uidRange: null });
  assert.equal(settings?.limits.memoryReserveBytes, 1024 ** 2);
  const { allowDevices, allowCapabilities, allowGpus, allowRoot, allowHostPaths, ports } = settings!.policy;
  assert.deepEqual({ allowDevices, allowCapabilities, allowGpus, allowRoot, allowHostPaths, ports }, {
    allowDevices: ["/dev/ttyUSB*", "/dev/video0"],
    allowCapabilities: [],
    allowGpus: true,
    allowRoot: true,
    allowHostPaths: ["/srv/media", "/mnt"],
    ports: [{ from: 80, to: 80 }, { from: 8000, to: 8999 }],
  });
  assert.deepEqual(settings?.runtime.modes, { web: "docker", cam: "native" });
});

Deno.test("a problem of the environment is told at its variable, with no word of the secret", async () => {
  const cases: [Record<string, string>, RegExp][] = [
    [
      { HARBORNODE_REPO_TOKEN_FILE: "s3cr3t" },
      /^environment: HARBORNODE_REPO_TOKEN_FILE: names a file that cannot be read: no such file or directory \| write/,
    ],
    [{ HARBORNODE_WEBHOOK_SECRET_FILE: "." }, /^environment: HARBORNODE_WEBHOOK_SECRET_FILE: .*is a directory/],
    [{ HARBORNODE_REPO_TOKEN_FILE: "empty" }, /^environment: HARBORNODE_REPO_TOKEN_FILE: names a file that is empty/],
    [
      { HARBORNODE_REPO_TOKEN: "s3cr3t", HARBORNODE_REPO_TOKEN_FILE: "empty" },
      /^environment: HARBORNODE_REPO_TOKEN_FILE: is set beside token/,
    ],
    [{ HARBORNODE_REPO_URL: "https://u:s3cr3t@h/x" }, /^environment: HARBORNODE_REPO_URL: holds credentials/],
    [{ HARBORNODE_REPO: "https://u:s3cr3t@h/x" }, /^environment: HARBORNODE_REPO: there is no setting of this name/],
    [
      { HARBORNODE_POLICY_ALLOW_DEVICES: "/dev/a,/etc" },
      /^environment: HARBORNODE_POLICY_ALLOW_DEVICES\[1\]: is "\/etc"/,
    ],
    [{ HARBORNODE_RUNTIME_MODES: "web" }, /^environment: HARBORNODE_RUNTIME_MODES\.web: is "", wanted "native"/],
  ];
  for (const [env, expected] of cases) {
    const { problems } = await loadGiven({ text: URL_LINE, env, files: { empty: "\n" } });
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(problems[0]!, expected);
    assert.ok(!problems[0]!.includes("s3cr3t"), problems[0]);
  }
});

Deno.test("a wrong URL in the environment is not told a second time as one that is missing in the file", async () => {
  const { problems } = await loadGiven({ text: "listen_port = 1\n", env: { HARBORNODE_REPO_URL: "https://" } });
  assert.equal(problems.length, 1, problems.join("\n"));
});
