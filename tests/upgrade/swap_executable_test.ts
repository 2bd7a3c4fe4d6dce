/** A new executable is asked before it counts, and takes the place of the old one so that there is a whole one always. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import { Failure } from "../../src/failure.ts";
import { hashOf } from "../../src/upgrade/download_release.ts";
import { checkNext, type CheckOptions, swap, takePrevious } from "../../src/upgrade/swap_executable.ts";
import { endTrial, readRefused, readTrial, upgradePaths } from "../../src/upgrade/upgrade_trial.ts";
import { watchTrial } from "../../src/upgrade/watch_trial.ts";
import { tempDir } from "../support/temp.ts";

const SIGNAL = new AbortController().signal;

/** A program that answers as an executable does; `start` is what it does when it is asked whether it could. */
function program(version: string, start = "exit 0"): string {
  return `#!/bin/sh
case $1 in
  version) echo "harbornode ${version} (4f2c91a) x86_64-unknown-linux-gnu, deno 2.7.11" ;;
  check-start) ${start} ;;
  *) echo "error: there is no command \\"$1\\"" >&2; exit 2 ;;
esac
`;
}

async function installed(next: string | null) {
  const dir = await tempDir();
  const places = upgradePaths(join(dir.path, "harbornode"));
  await Deno.writeTextFile(places.executable, program("0.1.0"), { mode: 0o755 });
  if (next !== null) await Deno.writeTextFile(places.next, next, { mode: 0o755 });
  return {
    places,
    names: async () => (await Array.fromAsync(Deno.readDir(dir.path))).map(({ name }) => name).sort(),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

async function verdict(text: string, options: Partial<CheckOptions> = {}): Promise<string> {
  await using device = await installed(text);
  const { places } = device;
  const notes: string[] = [];
  const wanted = { version: "0.2.0", commit: "4f2c91a" };
  const note = (message: string) => notes.push(message);
  try {
    const given = { wanted, config: "/etc/c.toml", newerState: "refuse" as const, note, signal: SIGNAL, ...options };
    const build = await checkNext(places, given);
    return [`${build.version} may`, ...notes].join("; ");
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return `${error.reason}: ${error.message}`;
  }
}

Deno.test("a new executable is what the release says, and says that it could start here", async () => {
  assert.equal(await verdict(program("0.2.0")), "0.2.0 may");
  assert.equal(await verdict(program("0.2.0", 'test "$2 $3" = "--config /etc/c.toml"')), "0.2.0 may");
  Deno.env.set("NOTIFY_SOCKET", "/run/systemd/notify");
  assert.equal(await verdict(program("0.2.0", 'test -z "$NOTIFY_SOCKET"')), "0.2.0 may", "to systemd it is nobody");
  Deno.env.delete("NOTIFY_SOCKET");
  assert.match(
    await verdict(program("0.3.0")),
    /^release_invalid: .* says that it is 0\.3\.0 \(4f2c91a\), and the release 0\.2\.0/,
  );
  assert.match(await verdict("#!/bin/sh\necho hello\n"), /^release_invalid: .* does not say which version it is$/);
  assert.match(
    await verdict("#!/bin/sh\necho 'no GLIBC_2.99' >&2; exit 1\n"),
    /does not say which version it is: no GLIBC_2\.99$/,
  );
  assert.match(await verdict("\x7fELF\x02\x01\x01\x00"), /^release_invalid: /);
  assert.match(await verdict("#!/nowhere/sh\n"), /^release_invalid: the new executable cannot be run/);
});

Deno.test("a new executable that would not start here is not put in place", async () => {
  const problems = program("0.2.0", 'echo "error: config.toml:3:1: there is no field named \\"x\\"" >&2; exit 3');
  assert.match(
    await verdict(problems),
    /^release_invalid: 0\.2\.0 cannot use config\.toml: config\.toml:3:1: there is no/,
  );
  const newer = program("0.2.0", 'echo "error: state/a.json is of format 3" >&2; exit 1');
  assert.equal(await verdict(newer), "state_newer: 0.2.0 cannot read all of the state: state/a.json is of format 3");
  assert.match(await verdict(newer, { newerState: "tell" }), /^0\.2\.0 may; 0\.2\.0 cannot read all of the state/);
  const older = program("0.2.0", 'echo "error: there is no command \\"check-start\\"" >&2; exit 2');
  assert.equal(await verdict(older), "state_newer: 0.2.0 cannot say whether it could read the state");
  assert.match(await verdict(older, { newerState: "tell" }), /^0\.2\.0 may; /);
});

Deno.test("a swap keeps the executable before, and is a trial until the daemon has settled", async () => {
  await using device = await installed(program("0.2.0"));
  const { places } = device;
  await Deno.writeTextFile(places.refused, "version 0.2.0\nsha256 x\nfrom 0.1.0\n");
  const tried = { version: "0.2.0", sha256: (await hashOf(places.next))!, from: "0.1.0" };
  await assert.rejects(swap(places, { ...tried, sha256: "ab".repeat(32) }), /somebody else brings another executable/);
  await swap(places, tried);
  assert.deepEqual(await device.names(), ["harbornode", "harbornode.previous", "harbornode.trial"]);
  assert.deepEqual(await readTrial(places), tried);
  assert.equal(await readRefused(places), null, "who asks for it by name wants it tried again");
  assert.match(await Deno.readTextFile(places.executable), /harbornode 0\.2\.0/);
  assert.match(await Deno.readTextFile(places.previous), /harbornode 0\.1\.0/);

  const watched = watchTrial(places, { tried, clock: systemClock, signal: SIGNAL });
  assert.deepEqual(await endTrial(places), tried);
  assert.deepEqual(await watched, { end: "settled" });
  assert.equal(await endTrial(places), null, "a second time there is nothing to end");

  const back = { version: "0.1.0", sha256: await takePrevious(places), from: "0.2.0" };
  await swap(places, back);
  assert.match(await Deno.readTextFile(places.executable), /harbornode 0\.1\.0/);
  assert.match(await Deno.readTextFile(places.previous), /harbornode 0\.2\.0/);
  // As the unit's guard does it.
  await Deno.rename(places.trial, places.refused);
  const end = await watchTrial(places, { tried: back, clock: systemClock, signal: SIGNAL });
  assert.equal(end.end === "back" && end.refused.why, "it ended twice before it had settled");
});

Deno.test("there is no way back where nothing was before", async () => {
  await using device = await installed(null);
  await assert.rejects(takePrevious(device.places), /there is no ".*\.previous" to go back to/);
  assert.deepEqual(await device.names(), ["harbornode"]);
});

const SWAPPER = `
import { upgradePaths } from "${new URL("../../src/upgrade/upgrade_trial.ts", import.meta.url)}";
import { hashOf } from "${new URL("../../src/upgrade/download_release.ts", import.meta.url)}";
import { swap } from "${new URL("../../src/upgrade/swap_executable.ts", import.meta.url)}";
const places = upgradePaths(Deno.args[0]);
for (let round = 0;; round++) {
  await Deno.copyFile(Deno.args[round % 2 === 0 ? 1 : 2], places.next);
  console.log(round);
  await swap(places, { version: "0." + round + ".0", sha256: await hashOf(places.next), from: "0.1.0" });
}
`;

Deno.test("a swap that is killed at any moment leaves a whole executable, and a whole one before it", async () => {
  await using dir = await tempDir();
  const places = upgradePaths(join(dir.path, "harbornode"));
  const builds = [join(dir.path, "a"), join(dir.path, "b")] as const;
  for (const [index, path] of builds.entries()) await Deno.writeTextFile(path, `${index}`.repeat(300_000));
  await Deno.copyFile(builds[0], places.executable);
  await Deno.writeTextFile(join(dir.path, "swapper.ts"), SWAPPER);
  const whole = await Promise.all(builds.map(hashOf));
  const config = new URL("../../deno.json", import.meta.url).pathname;
  for (let kill = 0; kill < 6; kill++) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--config", config, join(dir.path, "swapper.ts"), places.executable, ...builds],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    // Some rounds in, at another point of one each time.
    for (let seen = 0; seen < 3 + kill; seen++) await reader.read();
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
    assert.ok(whole.includes(await hashOf(places.executable)), `kill ${kill}`);
    assert.ok(whole.includes(await hashOf(places.previous)), `kill ${kill}`);
    const text = await Deno.readTextFile(places.trial).catch(() => null);
    if (text !== null) assert.match(text, /^version \S+\nsha256 [0-9a-f]{64}\nfrom 0\.1\.0\n$/);
  }
});
