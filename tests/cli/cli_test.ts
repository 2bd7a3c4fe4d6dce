/** The command line as a person meets it: exit codes, errors with a place and a hint, 80 columns. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { COMMANDS, HIDDEN } from "../../src/cli/commands.ts";
import { tempDir } from "../support/temp.ts";
import { runCommand } from "./run_command.ts";

async function config(directory: string, text: string): Promise<string> {
  const path = join(directory, "config.toml");
  await Deno.writeTextFile(path, text);
  return path;
}

Deno.test("help lists every command and exit code in 80 columns", async () => {
  const { code, out } = await runCommand("help");
  assert.equal(code, 0);
  for (const line of out.split("\n")) assert.ok(line.length <= 80, `${line.length} columns: ${line}`);
  for (const name of ["run", "status", "plan", "sync", "logs", "restart", "validate", "schema", "version", "help"]) {
    assert.match(out, new RegExp(`^  ${name} `, "m"));
  }
  for (const exit of [0, 1, 2, 3, 4, 5, 6, 10, 130]) assert.match(out, new RegExp(`^ +${exit}  `, "m"));
});

Deno.test("help of a command shows its options", async () => {
  const { code, out } = await runCommand("logs", "--help");
  assert.equal(code, 0);
  assert.match(out, /Usage: harbornode logs NAME \[-f\] \[--tail N\] \[--since TIME\]/);
  assert.match(out, /-f, --follow/);
  assert.equal((await runCommand("help", "logs")).out, out);
});

Deno.test("help of each command fits in 80 columns", async () => {
  for (const { name } of COMMANDS) {
    for (const line of (await runCommand("help", name)).out.split("\n")) assert.ok(line.length <= 80, line);
  }
});

Deno.test("an unknown command, flag or word ends with exit code 2 and says what is allowed", async () => {
  for (
    const argv of [["statsu"], ["status", "--jsn"], ["status", "one", "extra"], ["logs"], [
      "logs",
      "web",
      "--tail",
      "x",
    ], [
      "logs",
      "web",
      "--since",
      "soon",
    ], ["prune", "c0ffee0"]]
  ) {
    const { code, out, err } = await runCommand(...argv);
    assert.equal(code, 2, argv.join(" "));
    assert.equal(out, "");
    assert.match(err, /^error: .*\n {2}(hint|usage): /, argv.join(" "));
  }
});

Deno.test("a misspelled command is told the command that is close to it, and another one where they are listed", async () => {
  for (const argv of [["staus"], ["help", "staus"], ["staus", "--help"]]) {
    const { code, out, err } = await runCommand(...argv);
    assert.deepEqual([code, out, err], [2, "", 'error: there is no command "staus"\n  hint: did you mean "status"?']);
  }
  assert.match((await runCommand("hold")).err, /\n {2}hint: run "harbornode help" for a list$/);
  // A command that is for the daemon itself is suggested to nobody.
  for (const { name } of HIDDEN) assert.doesNotMatch((await runCommand(`${name}x`)).err, new RegExp(`"${name}"`));
});

Deno.test("settings with problems end with exit code 3 and name every one with its place", async () => {
  await using dir = await tempDir();
  const path = await config(
    dir.path,
    'listen_prot = 1\nlisten_port = "x"\n[repo]\nurl = "https://example.org/x.git"\n',
  );
  const { code, err } = await runCommand("status", "--config", path);
  assert.equal(code, 3);
  assert.match(err, /config\.toml:1:\d+: listen_prot: /);
  assert.match(err, /did you mean "listen_port"\?/);
  assert.match(err, /config\.toml:2:\d+: listen_port: /);
});

Deno.test("a daemon that does not run ends with exit code 4 and says how to start it", async () => {
  await using dir = await tempDir();
  const path = await config(dir.path, '[repo]\nurl = "https://example.org/x.git"\n');
  const { code, err } = await runCommand("status", "--config", path);
  assert.equal(code, 4);
  assert.match(err, /^error: no daemon answers on ".*harbornode\.sock"\n {2}hint: .*harbornode run/);
});

Deno.test("validate ends with 0 for good manifests, and with 3 naming file, line and column for bad ones", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(join(dir.path, "services"));
  const manifest = join(dir.path, "services/web.toml");
  await Deno.writeTextFile(manifest, 'command = ["/bin/sleep", "1"]\n');
  const good = await runCommand("validate", dir.path, "--device", "pi");
  assert.equal(good.code, 0, good.err);
  assert.match(good.out, /^web: service$/m);
  await Deno.writeTextFile(manifest, 'command = ["/bin/sleep", "1"]\nrestart = "allways"\nstop_timeot = "3s"\n');
  const bad = await runCommand("validate", dir.path);
  assert.equal(bad.code, 3);
  assert.match(bad.err, /services\/web\.toml:2:\d+: restart: .*"allways"/);
  assert.match(bad.err, /services\/web\.toml:3:\d+: stop_timeot: /);
  assert.equal((await runCommand("validate", join(dir.path, "nowhere"))).code, 2);
});

Deno.test("validate tells of two workloads of one device that want one port", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(join(dir.path, "services"));
  for (const [name, on] of [["api", "pi-*"], ["web", "*"]]) {
    const text = `command = ["/bin/sleep", "1"]\non = "${on}"\nports = [8080]\n`;
    await Deno.writeTextFile(join(dir.path, `services/${name}.toml`), text);
  }
  const { code, err } = await runCommand("validate", dir.path, "--device", "pi-1");
  assert.equal(code, 3);
  assert.match(err, /services\/web\.toml:3:10: ports\[0\]: port 8080\/tcp is asked for by "api" as well\n {2}hint: /);
  assert.equal((await runCommand("validate", dir.path, "--device", "laptop")).code, 0);
});

Deno.test("schema prints JSON, and version one line", async () => {
  const schema = await runCommand("schema", "service");
  assert.equal(schema.code, 0);
  assert.equal(JSON.parse(schema.out).type, "object");
  assert.match((await runCommand("schema", "reference")).out, /stop_timeout/);
  assert.match((await runCommand("version")).out, /^harbornode \d+\.\d+\.\d+ /);
});
