/** Which revisions a device takes over real git http: signed by somebody on its list, and never a rewound branch unasked. */
import assert from "node:assert/strict";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { GitServer } from "../support/git_server.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { SLEEP } from "../support/repo_backed_device.ts";
import { commitSigned, makeKey } from "../support/ssh_keys.ts";
import { tempDir } from "../support/temp.ts";

const MANIFEST = "services/web.toml";
const manifest = (level: number) => `${SLEEP}[env]\nLEVEL = "${level}"\n`;

await testNeeding(
  ["git", "root", "ssh-keygen"],
  "a device runs what was signed by somebody it trusts, and stays at it",
  async () => {
    await using dir = await tempDir();
    const repository = await GitRepository.create(`${dir.path}/served/fleet`);
    await using server = await GitServer.start(`${dir.path}/served`);
    const [ada, stranger] = [await makeKey(dir.path, "ada"), await makeKey(dir.path, "stranger")];
    await Deno.writeTextFile(`${dir.path}/signers`, `ada@example.org namespaces="git" ${ada.line}\n`);
    const push = async (level: number, key: typeof ada | null) => {
      await repository.write(MANIFEST, manifest(level));
      return key === null
        ? await repository.commit(`level ${level}`)
        : await commitSigned(repository, key, `level ${level}`);
    };
    const first = await push(1, ada);
    await using device = await TestDevice.start({
      root: dir.path,
      repository: server.url("fleet"),
      repo: ['interval = "300ms"', 'verify = "head"', 'allowed_signers = "signers"', "require_fast_forward = true"],
      extra: ["[runtime]", "docker_enabled = false"],
    });
    const applied = (id: string) =>
      eventually(`${id} is applied`, async () => (await device.status())?.source.applied === id && device.status());
    const pid = async () => (await device.until("web", ({ phase }) => phase === "running")).instances[0]!.pid;
    /** Said in status, page, API, events, log and by `sync --wait`; what runs goes on. */
    const staysAt = async (id: string, reason: string, runs: number | null): Promise<Snapshot> => {
      const seen = await repository.git("rev-parse", "HEAD");
      const status = await eventually(`${reason} is said`, async () => {
        const one = await device.status();
        return one?.source.seen === seen && one.source.error?.reason === reason && one;
      });
      assert.equal(status.source.applied, id);
      assert.equal(await pid(), runs);
      const { message } = status.source.error!;
      assert.ok(status.events.some((event) => event.reason === reason && event.message === message));
      assert.ok(device.log.includes(message));
      const page = await (await fetch(`http://127.0.0.1:${device.port}/`)).text();
      assert.ok(page.includes("a revision is not used") && page.includes(reason));
      const waited = await device.cli("sync", "--wait");
      assert.deepEqual([waited.code, waited.err.includes(message)], [1, true], waited.err);
      return status;
    };

    assert.equal((await applied(first) as Snapshot).source.signer, "ada@example.org");
    let runs = await pid();
    await push(2, null);
    await staysAt(first, "signature_missing", runs);
    await push(3, stranger);
    const refused = await staysAt(first, "signer_unknown", runs);
    assert.match((await device.cli("status")).out, /signer_unknown: Revision \w+ is signed with the key\s+SHA256:/);
    assert.equal(refused.source.signer, "ada@example.org");

    await device.killDaemon();
    await device.startDaemon();
    await staysAt(first, "signer_unknown", runs);

    const second = await push(4, ada);
    await applied(second);
    runs = await pid();
    assert.match((await device.cli("status")).out, /signed by ada@example\.org/);

    // The key is taken from the list: what it signed is not used any more, and what was applied runs on.
    await device.stopDaemon();
    await Deno.writeTextFile(`${dir.path}/signers`, `# nobody\nbob@example.org ${stranger.line}\n`);
    await device.startDaemon();
    await staysAt(second, "signer_unknown", runs);
    await Deno.writeTextFile(`${dir.path}/signers`, `ada@example.org ${ada.line}\n`);
    await eventually("all is well", async () => (await device.status())?.source.error === null);
    assert.equal(await pid(), runs);

    await repository.git("reset", "--quiet", "--hard", first);
    const rewound = await push(5, ada);
    await staysAt(second, "history_rewound", runs);
    await device.killDaemon();
    await device.startDaemon();
    const held = await staysAt(second, "history_rewound", runs);
    assert.match(held.source.error!.hint!, new RegExp(`harbornode accept ${rewound.slice(0, 7)}`));
    assert.equal((await device.cli("accept", first)).code, 1);
    const said = await device.cli("accept", rewound.slice(0, 7));
    assert.match(said.out, /was accepted in place of/);
    const after = await applied(rewound) as Snapshot;
    assert.deepEqual([after.source.error, after.source.signer], [null, "ada@example.org"]);
    assert.notEqual(await pid(), runs);
  },
);
