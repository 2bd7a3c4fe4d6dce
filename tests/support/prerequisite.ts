/**
 * Tests that need something of the machine. A test whose prerequisite is missing is skipped, with a line that says why,
 * and counted. With HARBORNODE_TEST_REQUIRE=all the test fails instead.
 */
import { noVirtualMachine } from "../device/vm/prerequisite.ts";
import { noQemuUser } from "./qemu_user.ts";

export type Prerequisite =
  | "docker"
  | "dockerd"
  | "git"
  | "root"
  | "browser"
  | "busybox"
  | "dash"
  | "bash"
  | "script"
  | "registry"
  | "shellcheck"
  | "zip"
  | "device"
  | "dist"
  | "qemu-aarch64"
  | "nginx"
  | "sshd"
  | "redis-server"
  | "mosquitto"
  | "python3"
  | "ssh-keygen"
  | "zsh"
  | "fish"
  | "systemd-analyze"
  | "age";

/** Where Docker listens for the tests. */
export const DOCKER_SOCKET = (Deno.env.get("DOCKER_HOST") ?? "unix:///var/run/docker.sock").replace(/^unix:\/\//, "");

const found: Partial<Record<Prerequisite, Promise<string | null>>> = {};

/** Why the prerequisite is missing, or null when it is here. Looked up once in a process. */
export function missing(prerequisite: Prerequisite): Promise<string | null> {
  return found[prerequisite] ??= look[prerequisite]();
}

const look: Record<Prerequisite, () => Promise<string | null>> = {
  docker: async () => await dockerAnswers() ? null : `no Docker answers on ${DOCKER_SOCKET}`,
  dockerd: async () => await program("dockerd") && await program("containerd") ? null : "no dockerd in PATH",
  git: async () => await program("git") ? null : "no git in PATH",
  root: () => Promise.resolve(Deno.uid() === 0 ? null : "not run as root"),
  browser: async () => await program("chromium") ? null : "no chromium in PATH",
  registry: async () => await program("docker-registry") ? null : "no docker-registry in PATH",
  dash: async () => await program("dash") ? null : "no dash in PATH",
  bash: async () => await program("bash") ? null : "no bash in PATH",
  script: async () => await program("script") ? null : "no script(1) in PATH",
  busybox: async () => await program("busybox") ? null : "no busybox in PATH",
  device: () => noVirtualMachine(),
  dist: () => Promise.resolve(Deno.env.has("HARBORNODE_TEST_DIST") ? null : "no HARBORNODE_TEST_DIST with executables"),
  "qemu-aarch64": () => noQemuUser(),
  shellcheck: async () => await program("shellcheck") ? null : "no shellcheck in PATH",
  // Where their packages put them: those of the user are not what a service finds.
  "nginx": () => packaged("/usr/sbin/nginx"),
  "sshd": () => packaged("/usr/sbin/sshd"),
  "redis-server": () => packaged("/usr/bin/redis-server"),
  "mosquitto": () => packaged("/usr/sbin/mosquitto"),
  "python3": () => packaged("/usr/bin/python3"),
  "systemd-analyze": async () => await program("systemd-analyze") ? null : "no systemd-analyze in PATH",
  "ssh-keygen": async () => await program("ssh-keygen") ? null : "no ssh-keygen in PATH",
  age: async () => await program("age") && await program("age-keygen") ? null : "no age in PATH",
  zsh: async () => await program("zsh") ? null : "no zsh in PATH",
  fish: async () => await program("fish") ? null : "no fish in PATH",
  zip: async () => await program("zip") ? null : "no zip in PATH",
};

async function program(name: string): Promise<string | null> {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    const info = await Deno.stat(`${directory}/${name}`).catch(() => null);
    if (info?.isFile) return `${directory}/${name}`;
  }
  return null;
}

async function packaged(path: string): Promise<string | null> {
  return await Deno.stat(path).then((info) => info.isFile ? null : `${path} is no file`, () => `no ${path}`);
}

async function dockerAnswers(): Promise<boolean> {
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: DOCKER_SOCKET } });
  try {
    const answer = await fetch("http://localhost/_ping", { client, signal: AbortSignal.timeout(3000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

/**
 * `Deno.test` for a test that needs something:
 * `await testNeeding(["docker"], "docker starts a container", async (t) => { ... })`.
 */
export async function testNeeding(
  prerequisites: Prerequisite[],
  name: string,
  run: (t: Deno.TestContext) => void | Promise<void>,
  options: { sanitizeOps?: boolean; sanitizeResources?: boolean } = {},
): Promise<void> {
  const reasons = (await Promise.all(prerequisites.map(missing))).filter((reason) => reason !== null);
  if (reasons.length === 0) return Deno.test({ name, fn: run, ...options });
  const why = reasons.join("; ");
  if (Deno.env.get("HARBORNODE_TEST_REQUIRE") === "all") {
    return Deno.test(name, () => {
      throw new Error(`HARBORNODE_TEST_REQUIRE=all, and ${why}`);
    });
  }
  // deno-lint-ignore no-console -- a skip is said aloud
  console.error(`SKIPPED ${name}: ${why}`);
  Deno.test({ name, ignore: true, fn: run });
}
