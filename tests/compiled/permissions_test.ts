/** Why the executable may do everything: the least that lets a supervisor know its processes (tests/support/compile/flags.ts). */
import assert from "node:assert/strict";

const ALL = ["read", "write", "net", "env", "sys", "run", "ffi", "import"];
const READ_A_PROCESS = `
  try { Deno.readTextFileSync("/proc/1/stat"); console.log("it may"); }
  catch (error) { console.log(error.name); }`;

Deno.test("nothing less than every permission reads a process: when this fails, the executable can be given less", async () => {
  assert.equal(await readingAProcess(["--allow-all"]), "it may");
  assert.equal(await readingAProcess(ALL.map((name) => `--allow-${name}`)), "it may", "all eight are all there are");
  for (const name of ALL) {
    const others = ALL.filter((one) => one !== name).map((one) => `--allow-${one}`);
    assert.equal(await readingAProcess(others), "NotCapable", `without ${name}`);
  }
});

Deno.test("nothing can be taken from every permission and leave a process readable", async () => {
  for (
    const denied of ["import", "net=example.com", "write=/boot", "env=LD_PRELOAD", "ffi=/tmp/any.so", "sys=hostname"]
  ) {
    assert.equal(await readingAProcess(["--allow-all", `--deny-${denied}`]), "NotCapable", `without ${denied}`);
  }
});

async function readingAProcess(flags: string[]): Promise<string> {
  const args = [
    "run",
    "--no-prompt",
    "--no-config",
    "--quiet",
    ...flags,
    "data:application/javascript," + encodeURIComponent(READ_A_PROCESS),
  ];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stdin: "null", stderr: "inherit" }).output();
  return new TextDecoder().decode(stdout).trim();
}
