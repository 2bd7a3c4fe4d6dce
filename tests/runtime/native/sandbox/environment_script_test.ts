/** How a workload's environment reaches its program, and nothing that is root. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { checkSecretNames, enterScript, lateWords } from "../../../../src/runtime/native/sandbox/environment_script.ts";
import { Failure } from "../../../../src/failure.ts";
import { eventually } from "../../../support/eventually.ts";
import { type Prerequisite, testNeeding } from "../../../support/prerequisite.ts";
import { tempDir } from "../../../support/temp.ts";
import { native } from "../../../support/workload.ts";
import { instances, start } from "../../conformance.ts";
import { nativeDevice } from "../native_device.ts";

/** The dynamic loader of glibc writes a file as the user that it works for, where these tell it to. */
function traced(directory: string): Record<string, string> {
  return { LD_DEBUG: "files", LD_DEBUG_OUTPUT: join(directory, "trace") };
}

async function ownersIn(directory: string): Promise<(number | null)[]> {
  const names = await Array.fromAsync(Deno.readDir(directory), (entry) => entry.name);
  return await Promise.all(names.map(async (name) => (await Deno.lstat(join(directory, name))).uid));
}

const LIMITED = { resources: { memoryBytes: 64 * 1024 ** 2, cpus: null, pids: null } };

for (const resources of [{}, LIMITED]) {
  const where = "resources" in resources ? "below a shim of root's" : "below a shim of its own";
  await testNeeding(["root"], `what a manifest tells the loader is never told to root, ${where}`, async () => {
    await using device = await nativeDevice();
    const directory = join(device.root, "traces");
    await Deno.mkdir(directory);
    await Deno.chmod(directory, 0o777);
    const workload = native({ name: "web", command: ["/bin/sleep", "1000"], env: traced(directory), ...resources });
    await start(device.runtime, workload);
    await eventually("the program itself has obeyed", async () => (await ownersIn(directory)).length > 0);
    const [one] = await instances(device.runtime);
    const probe = await device.runtime.execute(one!, workload, ["/bin/true"], AbortSignal.timeout(60_000));
    assert.equal(probe.exitCode, 0);
    const owners = await ownersIn(directory);
    assert.ok(owners.every((uid) => uid !== null && uid >= 64_000), `root obeyed too: ${owners}`);
  });

  await testNeeding(
    ["root"],
    `no catalog of messages of a commit is read by a program that is root, ${where}`,
    async () => {
      await using device = await nativeDevice();
      const directory = join(device.root, "catalog");
      await Deno.mkdir(join(directory, "LC_MESSAGES"), { recursive: true });
      const text = "failed to set the %s resource limit";
      await Deno.writeFile(join(directory, "LC_MESSAGES/util-linux.mo"), catalog({ [text]: "FROM THE COMMIT %s" }));
      // prlimit(1) fails at it, and says so in the language of its environment.
      const limits = { nofile: { soft: 2_000_000_000, hard: 2_000_000_000 } };
      const env = { LANGUAGE: `../../..${directory}` };
      const workload = native({ name: "web", command: ["/bin/true"], env, limits, ...resources });
      // A shim that is within fails at it, and the start with it.
      await start(device.runtime, workload).catch((error) => assert.equal(error.reason, "start_failed"));
      const log = await eventually("it is said", async () => {
        const lines = await Array.fromAsync(device.runtime.logs("web", { tail: 10, follow: false }));
        return lines.length > 0 && lines.map((line) => line.text).join("\n");
      });
      assert.match(log, /failed to set the NOFILE resource limit/);
      assert.doesNotMatch(log, /FROM THE COMMIT/);
    },
  );
}

const SHELLS: { words: string[]; needs: Prerequisite }[] = [
  { words: ["dash"], needs: "dash" },
  { words: ["bash", "--posix"], needs: "bash" },
  { words: ["busybox", "sh"], needs: "busybox" },
];

/** What a program finds that a shell enters, as `env -0` prints it. */
async function entered(shell: string[], env: Record<string, string>, script = enterScript(env)): Promise<string[]> {
  const late = await lateWords(env);
  const { code, stdout, stderr } = await fed([...shell, "-s", "--", ...late, "/usr/bin/env", "-0"], script);
  assert.equal(stderr, "", `exit code ${code}`);
  return stdout.split("\0").slice(0, -1);
}

async function fed([program, ...args]: string[], input: string) {
  const child = spawn(program!, args, { env: {}, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const texts = [child.stdout, child.stderr].map(async (stream) => {
    const parts: Uint8Array[] = [];
    for await (const part of stream) parts.push(part);
    return new TextDecoder().decode(await new Blob(parts as BlobPart[]).bytes());
  });
  const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [stdout = "", stderr = ""] = await Promise.all(texts);
  return { code: await code, stdout, stderr };
}

/** Names of variables that are not as wanted: their values would fill the screen. */
function differing(found: string[], env: Record<string, string>): string[] {
  const wanted = new Set(Object.entries(env).map(([name, value]) => `${name}=${value}`));
  const more = found.filter((pair) => !wanted.delete(pair)).map((pair) => `got ${pair.slice(0, 60)}`);
  return [...more, ...[...wanted].map((pair) => `missing ${pair.slice(0, 60)}`)];
}

/** Not the few variables that a shell sets by itself. */
const MADE_BY_SHELLS = /^(PWD|SHLVL|_|PATH)=/;

for (const { words, needs } of SHELLS) {
  await testNeeding([needs], `an environment of any values arrives as it is by way of ${words.join(" ")}`, async () => {
    // Bytes that shells use for themselves inside, and what is special to them outside.
    const all = Array.from({ length: 0x2fff }, (_, index) => String.fromCodePoint(index + 1)).join("");
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(all, "'", "'\\''", "\n", "a=b", "$(id)`id`", "\\"),
    )
      .map((text) => text.toWellFormed().replaceAll("\0", ""));
    const given = [
      "IFS",
      "PATH",
      "PS4",
      "ENV",
      "OPTIND",
      "UID",
      "EUID",
      "RANDOM",
      "LINENO",
      "BASH_ENV",
      "SHELLOPTS",
      "hn_rc",
    ];
    const names = fc.oneof(name, fc.constantFrom(...given));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, value, { maxKeys: 12, noNullPrototype: true }), async (env) => {
        const found = await entered(words, env);
        const isOwn = (pair: string) => MADE_BY_SHELLS.test(pair) && !(pair.split("=")[0]! in env);
        assert.deepEqual(differing(found.filter((pair) => !isOwn(pair)), env), []);
      }),
      { numRuns: 60, examples: [[{ ALL: all, A: "'", B: "x\n\n" }]] },
    );
  });

  await testNeeding([needs], `an environment of 1.5 MiB arrives by way of ${words.join(" ")}`, async () => {
    const env = Object.fromEntries(Array.from({ length: 24 }, (_, index) => [`V${index}`, `'${index}`.repeat(20_000)]));
    const found = await entered(words, env);
    assert.deepEqual(differing(found.filter((pair) => !MADE_BY_SHELLS.test(pair)), env), []);
  });

  await testNeeding([needs], `a script that is cut off starts no program in ${words.join(" ")}`, async () => {
    await using dir = await tempDir();
    const script = enterScript({ A: "1", B: "it's\n" });
    const mark = join(dir.path, "ran");
    for (let length = 0; length < script.length - 1; length++) {
      await fed([...words, "-s", "--", "/usr/bin/touch", mark], script.slice(0, length));
      // The last line is `hn_enter "$@"`: without its end it is another word, or runs with fewer arguments.
      await assert.rejects(Deno.stat(mark), Deno.errors.NotFound, `ran after ${length} of ${script.length} bytes`);
    }
    await fed([...words, "-s", "--", "/usr/bin/touch", mark], script);
    assert.ok(await Deno.stat(mark));
  });
}

Deno.test("a secret is refused in a variable that would have to be said on a command line", () => {
  for (const name of ["LD_PRELOAD", "GLIBC_TUNABLES", "UID", "BASH_ENV"]) {
    assert.throws(() => checkSecretNames(["TOKEN", name]), (error) => {
      return error instanceof Failure && error.reason === "secret_unresolved" && error.message.includes(`"${name}"`);
    });
  }
  checkSecretNames(["TOKEN", "PATH", "IFS", "LDAP_PASSWORD", "LANGUAGE"]);
});

/** A catalog of GNU gettext (GNU gettext manual, "The Format of GNU MO Files"). */
function catalog(messages: Record<string, string>): Uint8Array {
  const pairs = Object.entries({ "": "Content-Type: text/plain; charset=UTF-8\n", ...messages }).sort();
  const encoder = new TextEncoder();
  const [ids, texts] = [0, 1].map((at) => pairs.map((pair) => encoder.encode(pair[at])));
  const all = [...ids!, ...texts!];
  const head = 28 + all.length * 8;
  const view = new DataView(new ArrayBuffer(head + all.reduce((sum, one) => sum + one.length + 1, 0)));
  [0x950412de, 0, pairs.length, 28, 28 + pairs.length * 8, 0, 0].forEach((word, at) =>
    view.setUint32(at * 4, word, true)
  );
  let position = head;
  all.forEach((bytes, at) => {
    view.setUint32(28 + at * 8, bytes.length, true);
    view.setUint32(28 + at * 8 + 4, position, true);
    new Uint8Array(view.buffer).set(bytes, position);
    position += bytes.length + 1;
  });
  return new Uint8Array(view.buffer);
}
