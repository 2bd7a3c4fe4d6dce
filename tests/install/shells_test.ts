/** Every POSIX shell, either downloader, with and without a terminal; and a download that breaks off. */
import assert from "node:assert/strict";
import { testNeeding } from "../support/prerequisite.ts";
import { REPO, SCRIPT, Target } from "./target.ts";

const SHELLS: { name: "dash" | "bash" | "busybox"; shell: string[] }[] = [
  { name: "dash", shell: ["/bin/dash"] },
  { name: "bash", shell: ["/bin/bash"] },
  { name: "busybox", shell: ["/bin/busybox", "sh"] },
];

for (const { name, shell } of SHELLS) {
  // busybox takes its own wget, wherever PATH leads, and Debian's crashes.
  for (const downloader of name === "busybox" ? ["curl"] : ["curl", "wget"]) {
    await testNeeding(
      [name],
      `${name} with ${downloader} installs, finds nothing to do, updates and purges`,
      async () => {
        await using target = await Target.make();
        await target.remove(downloader === "curl" ? "wget" : "curl");
        const steps: [string[], RegExp][] = [
          [[...REPO, "--label", "room=hall"], /HarborNode 1\.0\.0 is installed\n/],
          [[], /Nothing changed: HarborNode 1\.0\.0/],
          [["--no-start"], /HarborNode 1\.1\.0 is installed\n/],
          [["--purge"], /Stopped and removed for good/],
        ];
        for (const [args, says] of steps) {
          if (args[0] === "--no-start") await target.release("1.1.0");
          const { code, message } = await target.install(args, { shell });
          assert.equal(code, 0, message);
          assert.match(message, says);
        }
        assert.deepEqual((await target.files()).filter((path) => path.includes("harbornode")), []);
      },
    );
  }
}

await testNeeding(["script"], "on a terminal it does the same, and asks nothing", async () => {
  await using target = await Target.make();
  target.served.set("install.sh", SCRIPT);
  const line = `curl -fsSL ${target.origin}/install.sh | sh -s -- ${REPO.join(" ")}`;
  const { code, stdout } = await new Deno.Command("/usr/bin/script", {
    args: ["-qec", line, "/dev/null"],
    clearEnv: true,
    env: target.environment({ SHELL: "/bin/sh" }),
    // Nobody types anything.
    stdin: "null",
  }).output();
  const message = new TextDecoder().decode(stdout);
  assert.equal(code, 0, message);
  assert.match(message, /HarborNode 1\.0\.0 is installed\r\n/);
  assert.doesNotMatch(message, /\?|\[y/i);
});

/** A target whose every program is a stub that only notes its call. */
async function stubbed(): Promise<{ target: Target; stubs: string[] } & AsyncDisposable> {
  const target = await Target.make();
  const stubs = await Array.fromAsync(Deno.readDir(target.tools), ({ name }) => name);
  stubs.push("id", "ip", "journalctl", "systemctl", "sudo", "docker", "getconf", "sha256sum");
  for (const name of stubs) await target.stub(name, "exit 1");
  return { target, stubs, [Symbol.asyncDispose]: () => target[Symbol.asyncDispose]() };
}

async function anyCalled({ target, stubs }: { target: Target; stubs: string[] }): Promise<string[]> {
  const called = await Promise.all(stubs.map(async (name) => (await target.called(name)).length > 0 ? name : ""));
  return called.filter((name) => name !== "");
}

/** From here on it is whole: only the end of its last line is missing. */
const WHOLE = SCRIPT.trimEnd().length;

/**
 * Each prefix of the script has a shell of its own, from the longest to the shortest. `eval` reads and runs a text as a
 * shell does its input, one command after the other, in a tenth of the time.
 */
const EVERY_PREFIX = `s=$1 n=$2
while [ "$n" -gt "$3" ]; do
  n=$((n - 1)) s=\${s%?}
  (set -- --repo /srv/fleet; eval "$s") >/dev/null
done
echo "$n"`;

Deno.test("a download that breaks off at any of its bytes runs nothing", async () => {
  await using all = await stubbed();
  const { target } = all;
  const middle = Math.floor(WHOLE * 0.7);
  const halves = await Promise.all([[WHOLE, middle], [middle, 0]].map(async ([from, to]) => {
    const { stdout } = await new Deno.Command("/bin/sh", {
      args: ["-c", EVERY_PREFIX, "sh", SCRIPT.slice(0, from), `${from}`, `${to}`],
      clearEnv: true,
      env: target.environment(),
      stdin: "null",
      stderr: "null",
    }).output();
    return [Number(new TextDecoder().decode(stdout)), to];
  }));
  for (const [reached, to] of halves) assert.equal(reached, to);
  assert.deepEqual(await anyCalled(all), []);
});

Deno.test("piped into a shell nothing is run either, but the whole of it", async () => {
  await using all = await stubbed();
  const { target } = all;
  const cuts = Array.from({ length: Math.floor(WHOLE / 397) }, (_, index) => index * 397);
  for (let cut = WHOLE - 12; cut < WHOLE; cut++) cuts.push(cut);
  for (const cut of cuts) {
    await target.install(REPO, { script: SCRIPT.slice(0, cut) });
    assert.deepEqual(await anyCalled(all), [], `cut at ${cut}`);
  }
  await target.install(REPO);
  assert.ok((await anyCalled(all)).length > 0);
});
