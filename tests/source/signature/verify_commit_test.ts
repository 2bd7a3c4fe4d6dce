import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../../src/failure.ts";
import { GitRepository } from "../../support/git_repository.ts";
import { testNeeding } from "../../support/prerequisite.ts";
import { commitSigned, makeKey, rawCommit, signWith, type SshKey } from "../../support/ssh_keys.ts";
import { tempDir } from "../../support/temp.ts";
import { asHeader, bytes, commitWith, MESSAGE, PAYLOAD, signers, verdict } from "./commit_fixture.ts";

const TOOLS = ["git", "ssh-keygen"] as const;

const KINDS: Record<string, { type: string; bits?: number }> = {
  ed25519: { type: "ed25519" },
  p256: { type: "ecdsa", bits: 256 },
  p384: { type: "ecdsa", bits: 384 },
  p521: { type: "ecdsa", bits: 521 },
  rsa: { type: "rsa", bits: 2048 },
};

/** A repository beside a folder with keys, one of each kind. */
async function workshop(kinds: string[] = ["ed25519"]) {
  const dir = await tempDir();
  const keys = new Map<string, SshKey>();
  for (const kind of kinds) keys.set(kind, await makeKey(dir.path, kind, KINDS[kind]!));
  return {
    dir: dir.path,
    keys,
    ed25519: keys.get("ed25519")!,
    repository: await GitRepository.create(`${dir.path}/repository`),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

function refused(found: string | Failure, reason: string, sentence: RegExp): void {
  assert.ok(found instanceof Failure, `was admitted as ${found}`);
  assert.equal(found.reason, reason, found.message);
  assert.match(found.message, sentence);
  assert.equal(found.kind, "waiting");
  assert.ok(found.hint !== undefined);
}

await testNeeding(
  [...TOOLS],
  "a commit that git signed with a listed key is admitted, whatever kind of key",
  async () => {
    await using on = await workshop(Object.keys(KINDS));
    const list = [...on.keys].map(([kind, { line }]) => `${kind}@example.org ${line} a comment`).join("\n");
    for (const [kind, key] of on.keys) {
      const id = await commitSigned(on.repository, key, `By ${kind}\n\nWith a body,\ngpgsig of its own and ü`);
      assert.equal(verdict(await rawCommit(on.repository, id), list), `${kind}@example.org`);
    }
  },
);

await testNeeding([...TOOLS], "a signature of any kind of key holds for no other commit", async () => {
  await using on = await workshop(Object.keys(KINDS));
  for (const [kind, key] of on.keys) {
    for (const hash of ["sha256", "sha512"]) {
      const signature = await signWith(key, PAYLOAD, { options: ["-O", `hashalg=${hash}`] });
      const list = `ada@example.org ${key.line}`;
      assert.equal(verdict(commitWith(signature), list), "ada@example.org", `${kind} ${hash}`);
      const other = new TextDecoder().decode(commitWith(signature)).replace("say hello", "say hullo");
      refused(verdict(bytes(other), list), "signature_invalid", /is not of this commit/);
    }
  }
});

await testNeeding([...TOOLS], "what an ssh signature is not made of is said", async () => {
  await using on = await workshop();
  const list = `ada@example.org ${on.ed25519.line}`;
  const good = await signWith(on.ed25519, PAYLOAD);
  const lines = good.trimEnd().split("\n");
  const [first = "", ...rest] = lines.slice(1, -1);
  const armoured = (body: string[]) => [lines[0], ...body, lines.at(-1)].join("\n");

  refused(verdict(PAYLOAD, list), "signature_missing", /^Revision 1234567 is not signed/);
  const file = await signWith(on.ed25519, PAYLOAD, { namespace: "file" });
  refused(verdict(commitWith(file), list), "signature_invalid", /is for "file", and commits are signed for "git"/);
  refused(verdict(commitWith(armoured([first])), list), "signature_invalid", /ends too early|base64/);
  refused(verdict(commitWith(armoured([first, ...rest, "AAAA"])), list), "signature_invalid", /base64|after its end/);
  refused(verdict(commitWith(armoured([])), list), "signature_invalid", /is not whole/);
  refused(verdict(commitWith(lines.slice(0, -1).join("\n")), list), "signature_invalid", /is not whole/);
  refused(
    verdict(commitWith(armoured([`A${first.slice(1)}`, ...rest])), list),
    "signature_invalid",
    /no SSH signature/,
  );
  refused(verdict(commitWith(`${good}${good}`), list), "signature_invalid", /is not whole/);
  const long = armoured(Array.from({ length: 300 }, () => first));
  refused(verdict(commitWith(long), list), "signature_invalid", /is longer than any that is accepted/);
  const twice = `${asHeader("gpgsig", good)}${asHeader("gpgsig", good)}`;
  const head = new TextDecoder().decode(PAYLOAD).replace(MESSAGE, "");
  refused(verdict(bytes(`${head}${twice}${MESSAGE}`), list), "signature_invalid", /is one of several/);
  const pgp = "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----";
  refused(verdict(commitWith(pgp), list), "signature_invalid", /is made with PGP, and only those of SSH keys/);
  const x509 = "-----BEGIN SIGNED MESSAGE-----\nMIIB\n-----END SIGNED MESSAGE-----";
  refused(verdict(commitWith(x509), list), "signature_invalid", /is made with X\.509/);
});

await testNeeding(
  [...TOOLS],
  "a merge of a signed tag, and a second signature for another hash, change nothing",
  async () => {
    await using on = await workshop();
    const list = `ada@example.org ${on.ed25519.line}`;
    await commitSigned(on.repository, on.ed25519, "first");
    await on.repository.git("checkout", "--quiet", "-b", "side");
    await commitSigned(on.repository, on.ed25519, "beside");
    const signing = ["-c", "gpg.format=ssh", "-c", `user.signingkey=${on.ed25519.file}`];
    await on.repository.git(...signing, "tag", "--sign", "-m", "a tag", "v1");
    await on.repository.git("checkout", "--quiet", "main");
    await on.repository.git(...signing, "merge", "--quiet", "--no-ff", "--gpg-sign", "-m", "merge it", "v1");
    const merge = await rawCommit(on.repository, "HEAD");
    assert.match(new TextDecoder().decode(merge), /^mergetag object/m);
    assert.equal(verdict(merge, list), "ada@example.org");

    const signature = await signWith(on.ed25519, PAYLOAD);
    const head = new TextDecoder().decode(PAYLOAD).replace(MESSAGE, "");
    const both = bytes(`${head}${asHeader("gpgsig", signature)}${asHeader("gpgsig-sha256", signature)}${MESSAGE}`);
    assert.equal(verdict(both, list), "ada@example.org");
    const other = bytes(`${head}${asHeader("gpgsig-sha256", signature)}${MESSAGE}`);
    refused(verdict(other, list), "signature_missing", /is not signed/);
  },
);

await testNeeding([...TOOLS], "small RSA keys are not accepted, in the list or in a signature", async () => {
  await using on = await workshop();
  const small = await makeKey(on.dir, "small", { type: "rsa", bits: 1024 });
  const signature = await signWith(small, PAYLOAD);
  assert.throws(() => signers(`ada@example.org ${small.line}`), /RSA key of 1024 bits, and 2048 are the least/);
  refused(verdict(commitWith(signature), `a@b ${on.ed25519.line}`), "signature_invalid", /RSA key of 1024 bits/);
});

await testNeeding(
  [...TOOLS],
  "no commit and no signature with one byte changed is admitted, and none is a bug",
  async () => {
    await using on = await workshop(["ed25519", "p256", "rsa"]);
    for (const [kind, key] of on.keys) {
      const list = signers(`ada@example.org namespaces="git" ${key.line}`);
      const commit = commitWith(await signWith(key, PAYLOAD));
      assert.equal(verdict(commit, list), "ada@example.org");
      const position = fc.integer({ min: 0, max: commit.length - 1 });
      const check = (at: number, flip: number) => {
        const changed = commit.with(at, commit[at]! ^ flip);
        const found = verdict(changed, list);
        assert.ok(found instanceof Failure, `${kind}: byte ${at}: ${new TextDecoder().decode(changed)}`);
      };
      // Each byte of the quick kind; of the others as many as take no longer.
      if (kind === "ed25519") {
        for (let at = 0; at < commit.length; at++) {
          for (const flip of [1, 0x20, 0x80]) check(at, flip);
        }
      }
      fc.assert(fc.property(position, fc.integer({ min: 1, max: 255 }), check), { numRuns: 300, seed: 1 });
      const shorter = fc.property(position, (at) => {
        const cut = new Uint8Array([...commit.subarray(0, at), ...commit.subarray(at + 1)]);
        assert.ok(verdict(cut, list) instanceof Failure, `${kind}: without byte ${at}`);
      });
      fc.assert(shorter, { numRuns: 300, seed: 1 });
    }
  },
);

/** What lists say of the key, as the text before it. */
const LISTS = [
  "ada@example.org",
  "*@example.org",
  "!ada@example.org,*@example.org",
  "!*",
  '"ada@example.org"',
  '"ada lovelace,ada@example.org"',
  'ada@example.org namespaces="git"',
  'ada@example.org namespaces="file,g?t"',
  'ada@example.org namespaces="file"',
  'ada@example.org namespaces="*,!git"',
  'ada@example.org NAMESPACES="git"',
  'ada@example.org valid-before="20990101"',
  'ada@example.org valid-before="20200101"',
  'ada@example.org valid-after="20200101Z"',
  'ada@example.org valid-after="209901010000"',
  'ada@example.org valid-after="20200101",valid-before="20990101120000Z",namespaces="git"',
  'ada@example.org valid-after="20990101",valid-before="20200101"',
  'ada@example.org valid-before="2099-01-01"',
  "ada@example.org namespaces=git",
  'ada@example.org unknown="git"',
  'ada@example.org namespaces="git" namespaces="git"',
];

await testNeeding([...TOOLS], "lists of signers mean to us what they mean to git", async () => {
  await using on = await workshop();
  const stranger = await makeKey(on.dir, "stranger");
  const id = await commitSigned(on.repository, on.ed25519, "hello");
  const commit = await rawCommit(on.repository, id);
  const lists = [
    ...LISTS.map((before) => `${before} ${on.ed25519.line}\n`),
    "",
    "# nobody\n",
    `# ada@example.org ${on.ed25519.line}\n`,
    `ada@example.org ${stranger.line}\n`,
    `# with a comment\n\n  \nbob@example.org ${stranger.line} of bob\r\n\tada@example.org ${on.ed25519.line} of ada\r\n`,
    `ada@example.org namespaces="file" ${on.ed25519.line}\nada@example.org ${on.ed25519.line}\n`,
    `ada@example.org ${on.ed25519.line.slice(0, -4)}\n`,
    `ada@example.org ${on.ed25519.line.replace("ssh-ed25519", "ssh-rsa")}\n`,
    `${on.ed25519.line}\n`,
  ];
  let admitted = 0;
  for (const list of lists) {
    const file = `${on.dir}/signers`;
    await Deno.writeTextFile(file, list);
    const git = await on.repository.git("-c", `gpg.ssh.allowedSignersFile=${file}`, "verify-commit", id).then(
      () => true,
      () => false,
    );
    const ours = isAdmitted(commit, list);
    assert.equal(ours, git, `git says ${git} to: ${list}`);
    if (ours) admitted++;
  }
  assert.ok(admitted > 9 && admitted < lists.length - 9, `${admitted} of ${lists.length}`);
});

function isAdmitted(commit: Uint8Array, list: string): boolean {
  try {
    return typeof verdict(commit, list) === "string";
  } catch (error) {
    assert.ok(error instanceof Error && /^line \d+ /.test(error.message), String(error));
    return false;
  }
}
