/**
 * Secrets of a real device, from the push to the process and the container: what arrives, what a changed value does, what
 * one that cannot be decrypted does, and that nothing of them is anywhere else.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { WorkloadStatus } from "../../src/model/snapshot.ts";
import { armored, encrypt } from "../../src/secrets/decrypt_age.ts";
import { newIdentity, recipientOf } from "../../src/secrets/x25519.ts";
import { busyboxImage, dockerCall } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { findPlanted, plant, type Planted, textsBelow } from "../support/planted_secret.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { controlled, served } from "../support/static_server.ts";
import { pushedDevice, SOON } from "../support/repo_backed_device.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const value = async ({ value }: Planted, recipient: string) =>
  `age:${(await encrypt(bytes(value), [recipient])).toBase64()}`;

/** Runs as a user of its own. */
const service = (lines: string) => `command = ["/bin/sleep", "3600"]\n${SOON}${lines}\n`;

await testNeeding(
  ["git", "docker", "busybox", "root"],
  "a secret reaches its process or container, follows its value, and is nowhere else",
  async (t) => {
    await using image = await busyboxImage();
    await using here = await pushedDevice({ "other.toml": service("") }, { extra: [] });
    const { device, repository } = here;
    const recipient = await eventually("it has a recipient", async () => (await device.status())?.device.recipient);
    const id = (await device.status())!.device.id;
    const [password, key, token, certificate, rotated] = [plant(), plant(), plant(), plant(), plant()];
    const planted = [password, key, token, certificate, rotated];
    /** Binary or armoured, as age writes either. */
    const write = async (name: string, { value }: Planted, to = recipient) => {
      const encrypted = await encrypt(bytes(`${value}\n`), [to]);
      await repository.write(`secrets/${name}.age`, name.length % 2 === 0 ? encrypted : await armored(encrypted));
    };
    const web = async (more = "") =>
      service(`env = { DB_PASSWORD = { secret = "db-password" } }\n${more}`) +
      `secrets = [{ name = "key.pem", value = "${await value(key, recipient)}" }]\n`;
    await write("db-password", password);
    await write("tls", certificate);
    await repository.write("services/web.toml", await web());
    await repository.write(
      "deployments/box.toml",
      [
        `image = "${image.name}"`,
        'stop_timeout = "100ms"',
        'restart = { reset_after = "300ms" }',
        'secrets = ["tls"]',
        `env = { TOKEN = "${await value(token, recipient)}" }`,
      ].join("\n"),
    );
    await repository.commit("Secrets");
    const isWell = (workload: WorkloadStatus) =>
      workload.phase === "running" && workload.sync === "synced" && workload.health === "healthy";
    const running = (workload: WorkloadStatus) => workload.phase === "running" && workload.sync === "synced";
    let process = pidOf(await device.until("web", running));
    const box = (await device.until("box", running)).instances[0]!;

    await t.step("a process has it in its environment, and as a file that is its user's alone", async () => {
      const env = await environmentOf(process);
      assert.equal(env.DB_PASSWORD, password.value);
      const file = join(env.CREDENTIALS_DIRECTORY!, "key.pem");
      assert.equal(await Deno.readTextFile(file), key.value);
      const info = await Deno.stat(file);
      assert.equal(info.mode! & 0o777, 0o400);
      assert.equal(String(info.uid), /^Uid:\s+(\d+)/m.exec(await Deno.readTextFile(`/proc/${process}/status`))?.[1]);
      assert.ok(info.uid! >= 64_000);
      assert.equal((await as(info.uid!, "cat", file)).out, key.value);
      // Another workload is another user.
      const other = pidOf(await device.until("other", running));
      const stranger = Number(/^Uid:\s+(\d+)/m.exec(await Deno.readTextFile(`/proc/${other}/status`))?.[1]);
      assert.notEqual(stranger, info.uid);
      assert.equal((await as(stranger, "cat", file)).code, 1);
      assert.equal((await as(stranger, "cat", `/proc/${process}/environ`)).code, 1);
    });

    await t.step("a container has it in its environment, and as a file", async () => {
      const env = await environmentOf(box.pid!);
      assert.deepEqual([env.TOKEN, env.CREDENTIALS_DIRECTORY], [token.value, "/run/secrets"]);
      assert.equal(await Deno.readTextFile(`/proc/${box.pid}/root/run/secrets/tls`), `${certificate.value}\n`);
      const { text } = await dockerCall(`/containers/${box.container_id}/json`);
      const { Config, HostConfig, Mounts } = JSON.parse(text);
      assert.deepEqual(
        findPlanted(planted, [["labels", JSON.stringify([Config.Labels, Config.Cmd, HostConfig, Mounts])]]),
        [],
      );
      assert.equal(HostConfig.RestartPolicy.Name, "no");
      assert.equal(Mounts[0].RW, false);
      const source = await Deno.stat(join(Mounts[0].Source, ".."));
      assert.equal(source.mode! & 0o777, 0o700);
    });

    await t.step("the same value encrypted anew starts nothing", async () => {
      await write("db-password", password);
      await repository.write("services/web.toml", await web());
      const same = await repository.commit("Again");
      await eventually("it is applied", async () => (await device.status())?.source.applied === same);
      assert.equal(pidOf(await device.until("web", running)), process);
      assert.equal((await device.workload("box"))?.instances[0]?.container_id, box.container_id);
    });

    await t.step("another value is rolled out, and only that it is another one is said", async () => {
      await write("db-password", rotated);
      await repository.commit("Rotate");
      const before = process;
      process = await eventually("another process", async () => {
        const now = await device.workload("web");
        const pid = now?.instances[0]?.pid;
        return now !== undefined && running(now) && pid !== before && pid;
      });
      assert.equal((await environmentOf(process)).DB_PASSWORD, rotated.value);
      const told = (await device.status())!.events.find((event) => event.reason === "secret_changed");
      assert.match(told?.message ?? "", /secrets\.DB_PASSWORD changed/);
      assert.equal((await device.workload("box"))?.instances[0]?.container_id, box.container_id);
    });

    await t.step("one that cannot be decrypted blocks its workload alone, and what runs goes on", async () => {
      await write("db-password", password, recipientOf(newIdentity())!);
      await repository.commit("For somebody else");
      const blocked = await device.until("web", (workload) => workload.reason === "secret_unresolved");
      assert.equal(pidOf(blocked), process);
      assert.equal(blocked.sync, "out-of-sync");
      assert.ok(
        blocked.message.includes(
          `"db-password" (as DB_PASSWORD) is not encrypted to this device, whose recipient is ${recipient}`,
        ),
        blocked.message,
      );
      await device.until("box", isWell);
    });

    await t.step("one that fails with it goes back to what was, with the value of then", async () => {
      await write("db-password", password);
      // Both print it, and it is seen where it is kept for people to read that they did.
      const probe = JSON.stringify(["/bin/sh", "-c", 'echo "probed with $DB_PASSWORD"; exit 1']);
      const broken = `[rollout]\ndeadline = "1s"\n[health]\ncommand = ${probe}\ninterval = "200ms"\nretries = 1\n`;
      const leaky = JSON.stringify(["/bin/sh", "-c", 'echo "begun with $A"; exit 1']);
      await repository.write(
        "services/leaky.toml",
        `command = ${leaky}\nrestart = "never"\nenv = { A = { secret = "tls" } }\n`,
      );
      await repository.write("services/web.toml", `${await web()}${broken}`);
      await repository.write(
        "services/gone.toml",
        `command = ["/nonexistent/program"]\nenv = { A = { secret = "tls" } }\n`,
      );
      await repository.commit("Break it");
      await device.until("gone", (workload) => workload.reason === "command_not_found");
      await device.until("leaky", (workload) => workload.last_lines.includes("begun with ***"));
      process = await eventually("what was healthy runs again", async () => {
        const now = await device.workload("web");
        const pid = now?.phase === "rolled-back" && now.instances.length === 1 && now.instances[0]!.pid;
        return pid && (await environmentOf(pid)).DB_PASSWORD === rotated.value && pid;
      });
    });

    await t.step("nothing of it is in what the daemon wrote, served or said", async () => {
      await device.killDaemon();
      await device.startDaemon();
      await device.until("web", (workload) => workload.phase === "rolled-back" && pidOf(workload) === process);
      await device.until("box", (workload) => workload.phase === "running");
      const data = device.dataDir;
      // What services keep and write is their own, and so is what they were given to read.
      const own = ["services", "logs", "credentials"].map((name) => join(data, name));
      const texts = [...await textsBelow(data, own), ...await textsBelow(`/run/harbornode/${id}`)];
      assert.ok(texts.some(([path]) => path.endsWith("state/workloads/web.json")));
      assert.ok(texts.some(([path]) => path.endsWith("record.json")));
      // Not the page of the one that prints it, which shows its log.
      const paths = { names: ["web", "box", "other", "gone"], more: ["/api/v1/workloads/leaky"] };
      texts.push(...await served(device.port, paths), ...await controlled(data), ["the daemon's log", device.log]);
      for await (const { name } of Deno.readDir("/proc")) {
        if (!/^\d+$/.test(name)) continue;
        texts.push([`argv of ${name}`, await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "")]);
      }
      for (
        const args of [["plan"], ["status"], ["status", "web"], ["history", "web", "--json"], ["status", "leaky"], [
          "secret",
          "recipient",
        ]]
      ) {
        const { out, err } = await device.cli(...args);
        texts.push([`harbornode ${args.join(" ")}`, `${out}${err}`]);
      }
      assert.deepEqual(findPlanted(planted, texts), []);
      const kept = texts.find(([where]) => where.endsWith("state/workloads/web.json"))![1];
      assert.ok(kept.includes("probed with ***"));
      // The search itself finds what is there.
      assert.deepEqual(
        findPlanted([key], [[
          "its file",
          await Deno.readTextFile(join((await environmentOf(process)).CREDENTIALS_DIRECTORY!, "key.pem")),
        ]]),
        ["its file: secret 0"],
      );
    });

    await t.step("a torn identity is said where it is needed, is left as it is, and stops nothing", async () => {
      await repository.write("services/web.toml", await web());
      for (const name of ["gone", "leaky"]) await repository.remove(`services/${name}.toml`);
      await repository.commit("Mend it");
      await device.until("web", (workload) => isWell(workload));
      process = pidOf((await device.workload("web"))!);
      await device.stopDaemon();
      const identity = join(device.dataDir, "identity.txt");
      assert.equal((await Deno.stat(identity)).mode! & 0o777, 0o600);
      const whole = await Deno.readTextFile(identity);
      const torn = whole.slice(0, -20);
      await Deno.writeTextFile(identity, torn);
      await device.startDaemon();
      const blocked = await device.until("web", (workload) => workload.reason === "secret_unresolved");
      assert.match(blocked.message, /identity\.txt" is damaged/);
      assert.equal(pidOf(blocked), process);
      assert.equal((await device.workload("box"))?.instances[0]?.container_id, box.container_id);
      assert.equal((await device.status())?.device.recipient, null);
      // Nothing is stopped for what could not be started.
      await device.cli("restart", "web");
      await eventually("a restart was tried", async () => {
        return (await device.status())?.events.some(({ message }) => message.startsWith("cannot prepare"));
      });
      assert.equal(pidOf((await device.workload("web"))!), process);
      assert.equal(await Deno.readTextFile(identity), torn);
      await device.stopDaemon();
      await Deno.writeTextFile(identity, whole);
      await device.startDaemon();
      await device.until("web", isWell);
      assert.equal(pidOf((await device.workload("web"))!), process);
    });

    await t.step(
      "a lost state starts nothing again, and without a repository the last applied value does",
      async () => {
        const container = async () => (await device.workload("box"))?.instances[0]?.container_id;
        await device.stopDaemon();
        await Deno.remove(join(device.dataDir, "state"), { recursive: true });
        await device.startDaemon();
        await eventually("all is applied", async () => {
          const { applied, attempted } = (await device.status())!.source;
          return applied !== null && applied === attempted;
        });
        assert.equal(pidOf(await device.until("web", isWell)), process);
        assert.equal(await container(), box.container_id);

        await device.stopDaemon();
        Deno.kill(process, "SIGKILL");
        await Deno.remove(join(device.dataDir, "repository"), { recursive: true });
        await Deno.rename(repository.dir, `${repository.dir}.away`);
        await device.startDaemon();
        process = await eventually("it runs again", async () => {
          const now = await device.workload("web");
          return now?.phase === "running" && now.instances[0]?.pid !== process && now.instances[0]?.pid;
        });
        const env = await environmentOf(process);
        assert.equal(env.DB_PASSWORD, password.value);
        assert.equal(await Deno.readTextFile(join(env.CREDENTIALS_DIRECTORY!, "key.pem")), key.value);
        await Deno.rename(`${repository.dir}.away`, repository.dir);
      },
    );

    await t.step("files go with their instance", async () => {
      const directory = (await environmentOf(process)).CREDENTIALS_DIRECTORY!;
      await device.cli("down");
      await eventually("they are gone", () => Deno.stat(directory).then(() => false, () => true));
    });
  },
  { sanitizeResources: false, sanitizeOps: false },
);

function pidOf(status: WorkloadStatus): number {
  return status.instances[0]!.pid!;
}

async function environmentOf(pid: number): Promise<Record<string, string>> {
  const text = await Deno.readTextFile(`/proc/${pid}/environ`);
  return Object.fromEntries(
    text.split("\0").filter((pair) => pair !== "").map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

async function as(uid: number, ...command: string[]): Promise<{ code: number; out: string }> {
  const args = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", ...command];
  const { code, stdout } = await new Deno.Command("setpriv", { args, stderr: "null" }).output();
  return { code, out: new TextDecoder().decode(stdout) };
}
