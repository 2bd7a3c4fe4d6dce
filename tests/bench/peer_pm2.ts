/** pm2 (https://pm2.keymetrics.io/): a Node program that is the parent of all services and reads their output. */
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { installed, type Peer, type Supervisor } from "./peer.ts";

const VERSION = "7.0.4";

/** Fetched by npx once, then run from its cache: npx itself takes a second. Null when it cannot be fetched. */
export async function pm2(): Promise<Peer | null> {
  if (await installed("npx") === null) return null;
  const args = ["-y", "--package", `pm2@${VERSION}`, "--", "sh", "-c", "command -v pm2"];
  const { stdout, success } = await new Deno.Command("npx", { args, stdin: "null", stderr: "null" }).output();
  const program = new TextDecoder().decode(stdout).trim();
  if (!success || program === "") return null;
  return {
    name: "pm2",
    version: VERSION,
    async prepare(site, services): Promise<Supervisor> {
      const { root } = site;
      const apps = services.map((service) => ({
        name: service.name,
        script: service.program,
        interpreter: "none",
        cwd: root,
      }));
      const file = join(root, "ecosystem.config.json");
      await Deno.writeTextFile(file, JSON.stringify({ apps }));
      const home = join(root, "pm2");
      const env = { PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: "true" };
      return {
        start() {
          site.launch([program, "start", file], { env, log: join(root, "pm2.log") });
          return Promise.resolve();
        },
        daemonPid: () =>
          eventually("pm2 has a daemon", async () => Number(await Deno.readTextFile(join(home, "pm2.pid")))),
        stop: () => Promise.resolve(),
      };
    },
  };
}
