/** Real runs of install.sh by sh, against a release served on loopback, into a folder of its own. */
import assert from "node:assert/strict";
import { testNeeding } from "../support/prerequisite.ts";
import { tempDir } from "../support/temp.ts";

const ROOT = new URL("../../", import.meta.url);
const SCRIPT = await Deno.readTextFile(new URL("install.sh", ROOT));
const UNIT = await Deno.readTextFile(new URL("systemd/harbornode.service", ROOT));
const REPO = ["--repo", "https://git.example.org/me/fleet.git"];
const EXECUTABLE = '#!/bin/sh\n[ "$1" = version ] && echo "harbornode 9.9.9"\n';

Deno.test("a fresh install puts the executable, the settings and the unit in place", async () => {
  await using machine = await newMachine();
  const { code, said } = await machine.install([...REPO, "--device", "lamp", "--token-file", "/etc/token"]);
  assert.equal(code, 0, said);
  assert.equal(await machine.read("usr/local/bin/harbornode"), EXECUTABLE);
  assert.equal(
    await machine.read("etc/harbornode/config.toml"),
    'device = "lamp"\n\n[repo]\nurl = "https://git.example.org/me/fleet.git"\nbranch = "main"\ntoken_file = "/etc/token"\n',
  );
  assert.equal(await machine.mode("etc/harbornode/config.toml"), "600");
  assert.equal(await machine.mode("etc/harbornode"), "755");
  assert.equal(await machine.read("etc/systemd/system/harbornode.service"), UNIT);
  assert.match(said, /harbornode 9\.9\.9/);
  assert.match(said, new RegExp(`http://${Deno.hostname()}:3080/`));
  assert.deepEqual(await machine.called("systemctl"), [
    "daemon-reload",
    "is-active --quiet harbornode",
    "enable --now harbornode",
  ]);
});

Deno.test("a second run downloads nothing, restarts nothing and says so", async () => {
  await using machine = await newMachine();
  await machine.install(REPO);
  const before = await machine.files();
  machine.requested.length = 0;
  const { code, said } = await machine.install([]);
  assert.equal(code, 0, said);
  assert.match(said, /Nothing changed/);
  assert.deepEqual(machine.requested, ["/SHA256SUMS"]);
  assert.deepEqual(await machine.files(), before);
  assert.doesNotMatch((await machine.called("systemctl")).join("\n"), /restart/);
});

Deno.test("an update keeps the old executable beside the new one and restarts the service", async () => {
  await using machine = await newMachine();
  await machine.install(REPO);
  await machine.release(EXECUTABLE.replace("9.9.9", "10.0.0"));
  const { code, said } = await machine.install([]);
  assert.equal(code, 0, said);
  assert.match(await machine.read("usr/local/bin/harbornode"), /10\.0\.0/);
  assert.equal(await machine.read("usr/local/bin/harbornode.previous"), EXECUTABLE);
  assert.equal((await machine.called("systemctl")).at(-1), "restart harbornode");
});

Deno.test("an existing config.toml is kept byte for byte", async () => {
  await using machine = await newMachine();
  const config = "# mine\n[repo]\r\nurl='/srv/fleet'";
  await Deno.mkdir(`${machine.root}/etc/harbornode`, { recursive: true });
  await Deno.writeTextFile(`${machine.root}/etc/harbornode/config.toml`, config);
  const { code, said } = await machine.install(REPO);
  assert.equal(code, 0, said);
  assert.equal(await machine.read("etc/harbornode/config.toml"), config);
  assert.match(said, /stays as it is/);
});

Deno.test("without systemd there is no unit, and the way to run it is said", async () => {
  await using machine = await newMachine();
  await Deno.remove(`${machine.root}/run`, { recursive: true });
  const { code, said } = await machine.install(REPO);
  assert.equal(code, 0, said);
  assert.match(said, /no systemd here. Run it with: cd .*\/etc\/harbornode && .*\/harbornode run/);
  assert.deepEqual(await machine.called("systemctl"), []);
  assert.ok(!(await machine.files()).some((file) => file.startsWith("etc/systemd")));
});

for (
  const { what, spoil, says } of [
    {
      what: "a tampered executable",
      spoil: (machine: Machine) => void machine.served.set("/harbornode-linux-x86_64", EXECUTABLE + "# more\n"),
      says: /sha256 of harbornode-linux-x86_64 is not the one/,
    },
    {
      what: "an executable that is not there",
      spoil: (machine: Machine) => void machine.served.delete("/harbornode-linux-x86_64"),
      says: /harbornode-linux-x86_64 can not be downloaded/,
    },
    {
      what: "a release without sums",
      spoil: (machine: Machine) => void machine.served.delete("/SHA256SUMS"),
      says: /SHA256SUMS can not be downloaded/,
    },
    {
      what: "sums without a line for the executable",
      spoil: (machine: Machine) => void machine.served.set("/SHA256SUMS", `${"0".repeat(64)}  other\n`),
      says: /SHA256SUMS has no line for harbornode-linux-x86_64/,
    },
    {
      what: "an executable that does not run",
      spoil: (machine: Machine) => machine.release("#!/bin/sh\nexit 1\n"),
      says: /does not run here/,
    },
    {
      what: "an unknown architecture",
      spoil: (machine: Machine) => machine.stub("uname", '[ "$1" = -s ] && echo Linux || echo riscv64'),
      says: /this machine is riscv64/,
    },
    {
      what: "another system",
      spoil: (machine: Machine) => machine.stub("uname", "echo Darwin"),
      says: /this is Darwin/,
    },
    {
      what: "a 32-bit userland",
      spoil: (machine: Machine) => machine.stub("getconf", "echo 32"),
      says: /programs of this system are 32-bit/,
    },
    {
      what: "musl",
      spoil: (machine: Machine) => machine.stub("ldd", "echo 'musl libc (x86_64)' >&2; exit 1"),
      says: /built on musl/,
    },
  ]
) {
  Deno.test(`${what} is refused, and an installed HarborNode stays as it was`, async () => {
    await using machine = await newMachine();
    await machine.install(REPO);
    await machine.release(EXECUTABLE.replace("9.9.9", "10.0.0"));
    const before = await machine.files();
    await spoil(machine);
    const { code, said } = await machine.install(REPO);
    assert.equal(code, 1, said);
    assert.match(said, says);
    assert.deepEqual(await machine.files(), before);
    assert.equal(await machine.read("usr/local/bin/harbornode"), EXECUTABLE);
  });
}

Deno.test("without a repository and without settings nothing is done", async () => {
  await using machine = await newMachine();
  const { code, said } = await machine.install([]);
  assert.equal(code, 1);
  assert.match(said, /add --repo URL/);
  assert.deepEqual(machine.requested, []);
});

Deno.test("a dry run shows each command and changes nothing", async () => {
  await using machine = await newMachine();
  const before = await machine.files();
  const { code, said } = await machine.install([...REPO, "--dry-run"]);
  assert.equal(code, 0, said);
  assert.match(said, /would run: .*curl.*harbornode-linux-x86_64/);
  assert.match(said, /would run: systemctl enable --now harbornode/);
  assert.deepEqual(await machine.files(), before);
  assert.deepEqual(machine.requested, ["/SHA256SUMS"]);
  assert.deepEqual(await machine.called("systemctl"), ["is-active --quiet harbornode"]);
});

Deno.test("a script that breaks off anywhere runs nothing", async () => {
  await using machine = await newMachine();
  const stubs = ["curl", "wget", "systemctl", "mv", "ln", "install", "mkdir", "chmod", "mktemp", "rm"];
  for (const name of stubs) await machine.stub(name, "exit 1");
  // From `main "$@"` on it is whole: only the end of the line is missing.
  const whole = SCRIPT.trimEnd().length;
  const cuts = Array.from({ length: Math.floor(whole / 97) }, (_, index) => index * 97);
  for (let cut = whole - 12; cut < whole; cut++) cuts.push(cut);
  for (const cut of cuts) {
    await machine.install(REPO, SCRIPT.slice(0, cut));
    for (const name of stubs) assert.deepEqual(await machine.called(name), [], `${name} ran, cut at ${cut}`);
  }
});

Deno.test("the unit in install.sh is systemd/harbornode.service", () => {
  const [, unit] = /^unit\(\) \{\n {2}cat <<'END'\n([^]*?)^END$/m.exec(SCRIPT) ?? [];
  assert.equal(unit, UNIT);
});

await testNeeding(["shellcheck"], "install.sh is clean for shellcheck as dash", async () => {
  const output = await new Deno.Command("shellcheck", { args: ["-s", "dash", "install.sh"], cwd: ROOT }).output();
  assert.equal(new TextDecoder().decode(output.stdout), "");
});

type Machine = Awaited<ReturnType<typeof newMachine>>;

/** A folder that is installed into, an x86_64 with systemd that notes how it was called, and a release on loopback. */
async function newMachine() {
  const dir = await tempDir();
  const root = `${dir.path}/root`;
  const stubs = `${dir.path}/stubs`;
  await Deno.mkdir(`${root}/run/systemd/system`, { recursive: true });
  await Deno.mkdir(stubs);
  const served = new Map<string, string>();
  const requested: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    requested.push(pathname);
    const body = served.get(pathname);
    return body === undefined ? new Response("no", { status: 404 }) : new Response(body);
  });
  const machine = {
    root,
    served,
    requested,

    /** Puts a program in front of the machine's own; its calls are noted. */
    async stub(name: string, body: string): Promise<void> {
      const text = `#!/bin/sh\necho "$*" >>"${stubs}/${name}.calls"\n${body}\n`;
      await Deno.writeTextFile(`${stubs}/${name}`, text, { mode: 0o755 });
    },

    async called(name: string): Promise<string[]> {
      const text = await Deno.readTextFile(`${stubs}/${name}.calls`).catch(() => "");
      return text.split("\n").filter((line) => line !== "");
    },

    async release(executable: string): Promise<void> {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(executable)));
      served.set("/harbornode-linux-x86_64", executable);
      served.set("/SHA256SUMS", `${"0".repeat(64)}  other\n${digest.toHex()}  harbornode-linux-x86_64\n`);
    },

    /** As `curl ... | sh -s -- ARGS` does. */
    async install(args: string[], script = SCRIPT): Promise<{ code: number; said: string }> {
      const child = new Deno.Command("sh", {
        args: ["-s", "--", ...args],
        env: {
          PATH: `${stubs}:${Deno.env.get("PATH")}`,
          HARBORNODE_ROOT: root,
          HARBORNODE_BASE_URL: `http://127.0.0.1:${server.addr.port}`,
        },
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const written = new Response(script).body!.pipeTo(child.stdin).catch(() => {});
      const output = await child.output();
      await written;
      return {
        code: output.code,
        said: new TextDecoder().decode(output.stdout) + new TextDecoder().decode(output.stderr),
      };
    },

    read: (path: string) => Deno.readTextFile(`${root}/${path}`),

    async mode(path: string): Promise<string> {
      return ((await Deno.stat(`${root}/${path}`)).mode! & 0o777).toString(8);
    },

    /** Every path below the root, with what is in it. */
    async files(folder = ""): Promise<string[]> {
      const found: string[] = [];
      for await (const entry of Deno.readDir(`${root}/${folder}`)) {
        const path = `${folder}${entry.name}`;
        found.push(
          ...entry.isDirectory ? [path, ...await machine.files(`${path}/`)] : [`${path}: ${await machine.read(path)}`],
        );
      }
      return found.sort();
    },

    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await dir[Symbol.asyncDispose]();
    },
  };
  await machine.stub(
    "systemctl",
    `[ "$1" = enable ] && touch "${stubs}/on"; case $1 in is-*) [ -e "${stubs}/on" ] ;; esac`,
  );
  await machine.stub("uname", 'case $1 in -s) echo Linux ;; -m) echo x86_64 ;; *) exec /bin/uname "$@" ;; esac');
  await machine.release(EXECUTABLE);
  return machine;
}
