/** Looking for a release and bringing it, from a real server with everything that goes wrong on the way. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Failure } from "../../src/failure.ts";
import { download } from "../../src/upgrade/download_release.ts";
import { resolveRelease } from "../../src/upgrade/resolve_release.ts";
import { nextUrl } from "../../src/upgrade/release_request.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { makeKey } from "../support/ssh_keys.ts";
import { tempDir } from "../support/temp.ts";
import { type Fault, type ReleaseOptions, ReleaseServer } from "./release_server.ts";

/** Does not pack well, so that half of it is something. */
const EXECUTABLE = crypto.getRandomValues(new Uint8Array(60_000));
const SIGNAL = new AbortController().signal;

async function served(options: ReleaseOptions = {}) {
  const dir = await tempDir();
  const server = await ReleaseServer.start(EXECUTABLE, options);
  const path = join(dir.path, "harbornode.new");
  return {
    dir: dir.path,
    path,
    server,
    find: (version: string | null = null, settings: Partial<ReleaseServer["settings"]> = {}, signal = SIGNAL) =>
      resolveRelease({
        version,
        from: { ...server.settings, ...settings },
        architecture: Deno.build.arch,
        now: Date.now(),
        signal,
        silenceMs: 300,
      }),
    async bring(said: string[] = [], signal = SIGNAL) {
      const found = await this.find();
      await download(found, { path, progress: (message) => said.push(message), signal, silenceMs: 300 });
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function refused(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => null, (error) => error);
  assert.ok(error instanceof Failure, String(error));
  return `${error.kind} ${error.reason}: ${error.message}`;
}

const names = async (dir: string) => (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);

Deno.test("an executable is brought whole, unpacked and executable, and not twice", async () => {
  await using release = await served();
  await Deno.writeTextFile(release.path, "what a download that was killed left");
  await release.bring();
  assert.deepEqual(await Deno.readFile(release.path), EXECUTABLE);
  assert.equal((await Deno.stat(release.path)).mode! & 0o777, 0o755);
  await release.bring();
  assert.equal(release.server.asked.filter((path) => path.endsWith(".gz")).length, 1);
  assert.equal(release.server.asked.includes("SHA256SUMS.sig"), false, "nobody is known who could have signed it");
});

const BROKEN: { fault: Fault; says: RegExp }[] = [
  { fault: { type: "cut" }, says: /^transient release_unreachable: .*\.gz" ?(broke off after 0\.0 MB)?: / },
  {
    fault: { type: "hanging" },
    says: /^transient release_unreachable: the server .* has sent nothing for 0\.3 seconds/,
  },
  {
    fault: { type: "wrong-bytes" },
    says: /^mistake checksum_mismatch: ".*\.gz" has the hash .*, which is not the one/,
  },
  { fault: { type: "no-gzip" }, says: /^mistake release_invalid: the new executable is no gzip file$/ },
  {
    fault: { type: "too-big" },
    says: /^mistake release_invalid: ".*\.gz" is over 134\.2 MB, which no file of a release/,
  },
  {
    fault: { type: "missing", path: `harbornode-linux-${Deno.build.arch}.gz` },
    says: /^mistake release_unreachable: .* is not there$/,
  },
];

for (const { fault, says } of BROKEN) {
  Deno.test(`a download of which the server is ${fault.type} leaves nothing, and the next one is whole`, async () => {
    await using release = await served();
    release.server.fault = fault;
    assert.match(await refused(release.bring()), says);
    assert.deepEqual(await names(release.dir), []);
    release.server.fault = null;
    await release.bring();
    assert.deepEqual(await Deno.readFile(release.path), EXECUTABLE);
  });
}

Deno.test("what is packed must be what the sums say as well, not only the packed file", async () => {
  await using release = await served();
  const found = await release.find();
  const other = createHash("sha256").update("other").digest("hex");
  const work = download({ ...found, hashes: { ...found.hashes, plain: other } }, {
    path: release.path,
    progress: () => {},
    signal: SIGNAL,
  });
  assert.match(await refused(work), /^mistake checksum_mismatch: what ".*\.gz" holds has the hash/);
  assert.deepEqual(await names(release.dir), []);
});

Deno.test("a download that nobody wants any more ends at once, and leaves nothing", async () => {
  await using release = await served();
  release.server.fault = { type: "hanging" };
  const unwanted = new AbortController();
  const work = release.bring([], unwanted.signal).then(() => null, (error) => error);
  await eventually("it is asked for", () => release.server.asked.some((path) => path.endsWith(".gz")));
  unwanted.abort(new Error("unwanted"));
  assert.equal((await work).message, "unwanted");
  assert.deepEqual(await names(release.dir), []);
});

Deno.test("a release is looked for in its place, and every answer has a sentence", async () => {
  await using release = await served();
  const { server } = release;
  assert.equal((await release.find("0.2.0")).version, "0.2.0");
  assert.match(
    await refused(release.find("0.3.0")),
    /^mistake release_invalid: .* holds version 0\.2\.0, and 0\.3\.0 was/,
  );
  const folders = { releaseUrl: `${server.url}/../{version}` };
  assert.match(
    await refused(release.find("0.3.0", folders)),
    /^mistake release_unreachable: there is no version 0\.3\.0 in/,
  );
  assert.equal(server.asked.at(-1), "/0.3.0/SHA256SUMS");

  server.fault = { type: "status", status: 503 };
  assert.match(await refused(release.find()), /^transient release_unreachable: the server answers 503 for/);
  server.fault = { type: "status", status: 403 };
  assert.match(await refused(release.find()), /^refused release_unreachable: the server answers 403 for/);
  server.fault = { type: "redirect", to: "ftp://127.0.0.1/x" };
  assert.match(await refused(release.find()), /^mistake release_unreachable: .* redirects to ftp, where anybody may/);
  server.fault = { type: "redirect", to: server.url };
  assert.match(await refused(release.find()), /^mistake release_unreachable: .* redirects more than 5 times$/);
  const nobody = { releaseUrl: "http://127.0.0.1:1/release" };
  assert.match(
    await refused(release.find(null, nobody)),
    /^transient release_unreachable: cannot reach "127\.0\.0\.1:1"/,
  );
});

Deno.test("over https no redirect leads to http", () => {
  assert.equal(nextUrl("https://a.example/x", "https://u:p@b.example/y?t=1"), "https://b.example/y?t=1");
  assert.equal(nextUrl("http://a.example/x", "/y"), "http://a.example/y");
  assert.throws(
    () => nextUrl("https://a.example/x", "http://a.example/x"),
    /redirects to http, where anybody may read/,
  );
  assert.throws(() => nextUrl("https://a.example/x", null), /redirects to nowhere/);
});

await testNeeding(
  ["ssh-keygen"],
  "a device that knows who signs takes nothing else, and reads its list anew each time",
  async () => {
    await using dir = await tempDir();
    const key = await makeKey(dir.path, "key");
    const list = join(dir.path, "signers");
    await Deno.writeTextFile(list, `ada@example.org ${key.line}\n`);
    const releaseSigners = list;
    await using signed = await served({ key });
    assert.equal((await signed.find(null, { releaseSigners })).by, "ada@example.org");
    assert.equal((await signed.find()).by, null);
    signed.server.fault = { type: "missing", path: "SHA256SUMS.sig" };
    assert.match(await refused(signed.find(null, { releaseSigners })), /^refused signature_missing: /);
    signed.server.fault = null;

    await using forGit = await served({ key, namespace: "git" });
    assert.match(await refused(forGit.find(null, { releaseSigners })), /^refused signature_invalid: /);
    await Deno.writeTextFile(list, "ada@example.org nonsense\n");
    assert.match(await refused(signed.find(null, { releaseSigners })), /^mistake signers_unreadable: .* line 1 of/);
    await Deno.writeTextFile(list, "# nobody\n");
    assert.match(await refused(signed.find(null, { releaseSigners })), /^mistake signers_unreadable: .* names nobody$/);
    await Deno.remove(list);
    assert.match(
      await refused(signed.find(null, { releaseSigners })),
      /^mistake signers_unreadable: .* cannot be read/,
    );
  },
);
