/** The signal that an image declares reaches its program whenever HarborNode stops it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { busyboxImage } from "../support/docker_image.ts";
import { eventually } from "../support/eventually.ts";
import { testNeeding } from "../support/prerequisite.ts";
import { pushedDevice, SOON } from "../support/repo_backed_device.ts";
import { tempDir } from "../support/temp.ts";

/** As PostgreSQL: SIGTERM waits for clients, SIGINT saves and ends. Each end is one line. */
const SERVER = "trap 'echo SIGINT >>/ends/log; exit 0' INT; trap : TERM; touch /ends/up; while :; do sleep 0.05; done";

await testNeeding(
  ["git", "docker", "busybox"],
  "the image's STOPSIGNAL reaches the program at an update, at stop and at down",
  async () => {
    await using ends = await tempDir();
    await Deno.chmod(ends.path, 0o777);
    await using image = await busyboxImage({ changes: ['CMD ["/bin/sh"]', "STOPSIGNAL SIGINT"] });
    const policy = [`allow_host_paths = ["${ends.path}"]`];
    await using here = await pushedDevice({}, { extra: [], policy });
    const { device, repository } = here;
    const manifest = (version: number) =>
      `image = "${image.name}"\ncommand = ${JSON.stringify(["/bin/sh", "-c", SERVER])}\nstop_timeout = "50s"\n` +
      `env = { VERSION = "${version}" }\nmounts = ["${ends.path}:/ends"]\n${SOON}`;
    const ended = (count: number) =>
      eventually(`it ended ${count} times`, async () => {
        const text = await Deno.readTextFile(join(ends.path, "log")).catch(() => "");
        return text.split("\n").length - 1 === count ? text : null;
      });
    const up = async () => {
      await eventually("its traps are set", () => Deno.stat(join(ends.path, "up")));
      await Deno.remove(join(ends.path, "up"));
    };

    await repository.write("deployments/db.toml", manifest(1));
    await repository.commit("A database");
    await up();
    await repository.write("deployments/db.toml", manifest(2));
    await repository.commit("An update");
    await ended(1);
    await up();
    assert.equal((await device.cli("stop", "db")).code, 0);
    await ended(2);
    assert.equal((await device.cli("start", "db")).code, 0);
    await up();
    await device.cli("down");
    assert.equal(await ended(3), "SIGINT\n".repeat(3));
  },
);
