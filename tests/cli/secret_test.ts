/** `harbornode secret` as somebody uses it on a laptop, and on a device. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readAge } from "../../src/manifest/age_text.ts";
import { decrypt } from "../../src/secrets/decrypt_age.ts";
import { newIdentity, recipientOf } from "../../src/secrets/x25519.ts";
import { tempDir } from "../support/temp.ts";
import { runCommand } from "./run_command.ts";

const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;

function run(...argv: string[]): ReturnType<typeof runCommand> {
  return runCommand("secret", ...argv);
}

/** What the identity reads in it. */
async function opened(text: string, identity: string): Promise<string> {
  const read = readAge(text.replace(/^age:/, ""));
  assert.ok("ciphertext" in read, JSON.stringify(read));
  const done = await decrypt(Uint8Array.fromBase64(read.ciphertext), [identity]);
  return "plaintext" in done ? new TextDecoder().decode(done.plaintext) : done.unreadable;
}

async function checkout() {
  const dir = await tempDir();
  const [kitchen, lab, other] = [newIdentity(), newIdentity(), newIdentity()];
  await Deno.mkdir(join(dir.path, "secrets"));
  const lines = [
    `pi-kitchen = "${recipientOf(kitchen)}"`,
    `pi-lab = "${recipientOf(lab)}"`,
    `nas = "${recipientOf(other)}"`,
  ];
  await Deno.writeTextFile(join(dir.path, "devices.toml"), lines.join("\n"));
  await Deno.writeTextFile(join(dir.path, "plain"), "hunter2\n");
  return {
    path: dir.path,
    plain: join(dir.path, "plain"),
    kitchen,
    lab,
    other,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

Deno.test("a value is encrypted to all devices that are named, and to nobody else", async () => {
  await using here = await checkout();
  const to = { "pi-kitchen": [here.kitchen], "pi-*": [here.kitchen, here.lab], "pi-lab,nas": [here.lab, here.other] };
  for (const [whom, readers] of Object.entries(to)) {
    const { code, out, err } = await run("encrypt", "--dir", here.path, "--to", whom, here.plain);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^age:[A-Za-z0-9+/=]+$/);
    for (const identity of [here.kitchen, here.lab, here.other]) {
      assert.equal(await opened(out, identity), readers.includes(identity) ? "hunter2\n" : "not for these", whom);
    }
  }
  const twice = await run("encrypt", "--dir", here.path, "--to", "nas", "--to", recipientOf(here.lab)!, here.plain);
  assert.equal(await opened(twice.out, here.lab), "hunter2\n");
  assert.equal(await opened(twice.out, here.other), "hunter2\n");
});

Deno.test("with a name it is a file of secrets/, which says nothing of it", async () => {
  await using here = await checkout();
  const { code, out, err } = await run("encrypt", "--dir", here.path, "--to", "nas", "--name", "db", here.plain);
  assert.deepEqual([code, out], [0, ""]);
  assert.match(err, /secrets\/db\.age is encrypted to 1 recipient; commit it$/);
  const text = await Deno.readTextFile(join(here.path, "secrets/db.age"));
  assert.match(text, /^-----BEGIN AGE ENCRYPTED FILE-----\n[^]*-----END AGE ENCRYPTED FILE-----\n$/);
  assert.equal(await opened(text, here.other), "hunter2\n");
});

Deno.test("what is piped is encrypted as it is", async () => {
  await using here = await checkout();
  const args = ["run", "-A", "--quiet", MAIN, "secret", "encrypt", "--to", recipientOf(here.lab)!];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("two\nlines"));
  await writer.close();
  const { code, stdout } = await child.output();
  assert.equal(code, 0);
  assert.equal(await opened(new TextDecoder().decode(stdout).trim(), here.lab), "two\nlines");
});

Deno.test("mistakes are told before anything is encrypted, and no plaintext with them", async () => {
  await using here = await checkout();
  const said = async (...argv: string[]) => {
    const { code, out, err } = await run("encrypt", "--dir", here.path, ...argv);
    assert.equal(out, "");
    assert.doesNotMatch(err, /hunter2/);
    return `${code} ${err.split("\n")[0]}`;
  };
  assert.equal(await said(here.plain), "2 error: secret encrypt needs --to: who is to decrypt it");
  assert.match(
    await said("--to", "pi-kitchn", here.plain),
    /^2 .* knows no device "pi-kitchn"; did you mean "pi-kitchen"\?$/,
  );
  assert.match(await said("--to", "nowhere", here.plain), /; add it: nowhere = "age1\.\.\."$/);
  assert.match(await said("--to", "age1qqqq", here.plain), /^2 error: "age1qqqq" is no recipient of a device/);
  assert.match(await said("--to", "nas", "--name", "../up", here.plain), /^2 error: --name is "\.\.\/up"/);
  assert.match(await said("--to", "nas", join(here.path, "gone")), /^2 error: ".*gone" cannot be read/);
  await Deno.writeFile(here.plain, new Uint8Array(70_000));
  assert.match(await said("--to", "nas", here.plain), /^1 error: what is to be encrypted is too large/);
  await Deno.writeTextFile(here.plain, "");
  assert.equal(await said("--to", "nas", here.plain), "2 error: there is nothing to encrypt");
  await Deno.writeTextFile(join(here.path, "devices.toml"), 'nas = "ssh-ed25519 AAAA"\n[more]\n');
  assert.match(
    await said("--to", "nas", here.plain),
    /^3 error: devices\.toml:1:7: nas: is "ssh-ed25519 AAAA", wanted a recipient/,
  );
  await Deno.writeTextFile(join(here.path, "devices.toml"), 'nas = "age1qqqq"\n[bare]\n');
  assert.match(
    await said("--to", "nas", here.plain),
    /^3 error: .*devices\.toml: nas\.recipient: is "age1qqqq", which is dam/,
  );
  await Deno.writeTextFile(join(here.path, "devices.toml"), "[bare]\n");
  assert.match(await said("--to", "bare", here.plain), /^2 error: devices\.toml knows no recipient of "bare"/);
  await Deno.remove(join(here.path, "devices.toml"));
  assert.match(await said("--to", "nas", here.plain), /^3 error: .*devices\.toml: there is no such file$/);
  assert.equal((await run("decrypt")).code, 2);
  assert.equal((await run()).code, 2);
});

Deno.test("the recipient is shown without a daemon where the identity can be read, and nothing is made", async () => {
  await using dir = await tempDir();
  const identity = newIdentity();
  const config = join(dir.path, "config.toml");
  await Deno.writeTextFile(config, '[repo]\nurl = "/srv/fleet"\n[secrets]\nidentity_file = "key.txt"\n');
  const none = await run("recipient", "--config", config);
  assert.equal(none.code, 4);
  assert.deepEqual((await Array.fromAsync(Deno.readDir(dir.path))).map(({ name }) => name), ["config.toml"]);
  await Deno.writeTextFile(join(dir.path, "key.txt"), `${identity}\n`, { mode: 0o600 });
  assert.deepEqual(await run("recipient", "--config", config), { code: 0, out: recipientOf(identity)!, err: "" });
  await Deno.writeTextFile(join(dir.path, "key.txt"), identity.slice(0, -3));
  const torn = await run("recipient", "--config", config);
  assert.deepEqual([torn.code, torn.out], [1, ""]);
  assert.ok(!torn.err.includes(identity.slice(20, 50)));
});
