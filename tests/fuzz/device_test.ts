/**
 * A real daemon between a git server that is out of its mind and visitors who are: what runs keeps its pid, every call
 * ends, what is well again is taken, and no secret is told anywhere.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { ControlClient } from "../../src/cli/control_client.ts";
import type { SyncOutcome } from "../../src/http/control_app.ts";
import { TestDevice } from "../support/device.ts";
import { eventually } from "../support/eventually.ts";
import { GitRepository } from "../support/git_repository.ts";
import { type Fault, GitServer } from "../support/git_server.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { SLEEP } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";
import { everythingBelow } from "../source/fleet.ts";
import { fuzz, rounds, SEED, UNPRINTABLE } from "./fuzz.ts";
import { fault, faultText } from "./git_faults.ts";
import { mutated } from "./mutations.ts";

/** Encoded in no way that would hide them. */
const TOKEN = "pl4nted-git-t0ken";
const WEBHOOK = "pl4nted-webhook-s3cret";
/** Whoever waits longer has met a hang: the daemon's own deadline is a twentieth of it. */
const HANGS_MS = 60_000;

await testNeeding(
  ["git", "root"],
  "a device outlives bad fetches, bad manifests and bad visitors, and tells no secret",
  async () => {
    await using dir = await tempDir();
    const repository = await GitRepository.create(join(dir.path, "served/fleet"));
    await repository.write("services/kept.toml", SLEEP);
    await repository.commit("begin");
    await using server = await GitServer.start(join(dir.path, "served"), { username: "x-access-token", token: TOKEN });
    await Deno.writeTextFile(join(dir.path, "token"), TOKEN);
    await Deno.writeTextFile(join(dir.path, "webhook"), WEBHOOK);
    await using device = await TestDevice.start({
      root: dir.path,
      repository: server.url("fleet"),
      // Looks are asked for here, one by one.
      repo: ['interval = "1h"', 'timeout = "3s"', 'token_file = "token"'],
      extra: ["[webhook]", 'secret_file = "webhook"', "[runtime]", "docker_enabled = false"],
    });
    const kept = (await device.until("kept", ({ phase }) => phase === "running")).instances[0]!.pid;
    const daemon = device.daemonPid;
    using control = new ControlClient({ dataDir: device.dataDir });
    const look = async (): Promise<SyncOutcome> => {
      const signal = AbortSignal.timeout(HANGS_MS);
      return await control.json<SyncOutcome>("/sync", { method: "POST", body: { wait: false }, signal });
    };
    const unchanged = async (why: string) => {
      const status = await device.status();
      assert.ok(status !== null && status.daemon.pid === daemon, `the daemon ended: ${why}\n${device.log}`);
      const one = status.workloads.find(({ name }) => name === "kept");
      assert.deepEqual([one?.instances.map(({ pid }) => pid), one?.phase], [[kept], "running"], why);
      tellsNothing(`${JSON.stringify(status)}\n${device.log}`);
      JSON.stringify(status, (_, value) => {
        if (typeof value === "string") assert.doesNotMatch(value, UNPRINTABLE, why);
        return value;
      });
    };

    /** As a rule by the first look; on a busy machine that may have been too late. */
    const taken = (pushed: string) =>
      eventually(`${pushed} is taken`, async () => {
        const { ok, revision, message } = await look();
        if (ok && revision === pushed) return true;
        throw new Error(`${revision}: ${message}`);
      });

    let count = 0;
    const badFetch = async (one: Fault) => {
      await repository.write("services/other/file", `${++count}\n`);
      const pushed = await repository.commit(`change ${count}`);
      server.fault = one;
      const { ok, message, hint } = await look();
      server.fault = null;
      if (!ok) assert.doesNotMatch(`${message} ${hint ?? ""}`, UNPRINTABLE);
      await unchanged(faultText(one));
      await taken(pushed);
    };
    await fc.assert(fc.asyncProperty(fault, badFetch), { ...fuzz(8), endOnFailure: true });

    const badManifest = async (text: string, webhook: string) => {
      await repository.write("services/other.toml", text);
      const pushed = await repository.commit(text.slice(0, 60).replaceAll("\0", "") || "empty");
      const asked = await fetch(`http://127.0.0.1:${device.port}/webhook`, {
        method: "POST",
        headers: { authorization: `Bearer ${webhook.startsWith("{") ? WEBHOOK : "guess"}` },
        body: webhook,
        signal: AbortSignal.timeout(HANGS_MS),
      });
      await asked.text();
      assert.ok(asked.status < 500, `${asked.status}: ${webhook}`);
      await taken(pushed);
      await unchanged(text);
    };
    const manifest = mutated(['command = ["/nonexistent/program"]\nenabled = false\n[env]\nA = "b"\n']);
    const body = mutated(['{"ref":"refs/heads/main","repository":{"full_name":"a/fleet"}}']);
    await fc.assert(fc.asyncProperty(manifest, body, badManifest), { ...fuzz(6), endOnFailure: true });

    await repository.remove("services/other.toml").catch(() => {});
    await repository.commit("well again");
    await eventually("all is well", async () => (await look()).ok);
    const pages = await Promise.all(
      ["", "workloads/kept", "api/v1/status", "api/v1/workloads/kept", "readyz"].map(async (path) =>
        await (await fetch(`http://127.0.0.1:${device.port}/${path}`)).text()
      ),
    );
    const told = [device.log, ...pages, await everythingBelow(device.dataDir)].join("\n");
    tellsNothing(told);
    assert.ok(count >= rounds(8) && told.length > 1000);
  },
);

function tellsNothing(message: string): void {
  for (const secret of [TOKEN, WEBHOOK, btoa(`x-access-token:${TOKEN}`)]) {
    assert.ok(!message.includes(secret), `SEED=${SEED}: a secret is told, near: ${near(message, secret)}`);
  }
}

function near(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return text.slice(Math.max(0, at - 200), at).replaceAll(secret, "...");
}
