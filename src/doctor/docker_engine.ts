import { Failure } from "../failure.ts";
import { Engine } from "../runtime/docker/engine.ts";
import type { Check } from "./check.ts";
import { type Finding, ok, problem, skipped, warning } from "./finding.ts";

export interface DockerFacts {
  socket: string;
  isEnabled: boolean;
  isRoot: boolean;
  there: "missing" | "denied" | "there";
  /** Whether a workload of this device is for Docker; null where nobody tells. */
  isWanted: boolean | null;
  /** Null where it was not asked. */
  answer: { about: string; info: DockerInfo } | { failure: { message: string; hint: string | null } } | null;
}

/** Of GET /info what is judged here: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/System */
export interface DockerInfo {
  Driver?: string;
  CgroupDriver?: string;
  CgroupVersion?: string;
  MemoryLimit?: boolean;
  CpuCfsQuota?: boolean;
  PidsLimit?: boolean;
  IPv4Forwarding?: boolean;
  SecurityOptions?: string[] | null;
}

export const docker: Check<DockerFacts> = {
  group: "docker",
  name: "engine",
  async gather({ settings, snapshot, isRoot }, signal) {
    const socket = settings?.docker.host.replace(/^unix:\/\//, "") ?? "/var/run/docker.sock";
    const facts = {
      socket,
      isEnabled: settings?.runtime.dockerEnabled ?? true,
      isRoot,
      there: await reachable(socket),
      isWanted: snapshot === null ? null : snapshot.workloads.some(({ runtime }) => runtime === "docker"),
    };
    const isAsked = facts.isEnabled && facts.there === "there";
    return { ...facts, answer: isAsked ? await ask(socket, signal) : null };
  },
  evaluate({ socket, isEnabled, isRoot, there, isWanted, answer }) {
    if (!isEnabled) return [ok("switched off in config.toml")];
    if (there === "missing") {
      const message = `there is no Docker on "${socket}"`;
      if (isWanted === true) return [problem(message, "sudo apt-get install docker.io")];
      return [ok(`${message}; deployments alone need one`)];
    }
    if (there === "denied" && !isRoot) return [skipped(`this user may not use "${socket}"`, "sudo harbornode doctor")];
    if (answer === null) return [problem(`"${socket}" cannot be used`, `see what it is: ls -l ${socket}`)];
    if ("failure" in answer) {
      const { message, hint } = answer.failure;
      return [problem(message, hint ?? "see what it says: sudo systemctl status docker")];
    }
    const found = judgeInfo(answer.info);
    const { Driver = "?", CgroupDriver = "?" } = answer.info;
    return found.length > 0 ? found : [ok(`${answer.about}, ${Driver}, cgroups by ${CgroupDriver}`)];
  },
};

function judgeInfo(info: DockerInfo): Finding[] {
  const found: Finding[] = [];
  const { Driver: driver = "" } = info;
  if (["vfs", "aufs", "devicemapper", "overlay"].includes(driver)) {
    const cost = driver === "vfs" ? "copies the whole image for each container" : "is no longer supported by Docker";
    const hint = 'write "storage-driver": "overlay2" to /etc/docker/daemon.json; images are pulled anew';
    found.push(warning(`its storage driver "${driver}" ${cost}`, hint));
  }
  // Two writers of one tree: https://docs.docker.com/engine/daemon/troubleshoot/, https://systemd.io/CGROUP_DELEGATION
  if (info.CgroupDriver === "cgroupfs" && info.CgroupVersion === "2") {
    const hint = 'write "exec-opts": ["native.cgroupdriver=systemd"] to /etc/docker/daemon.json';
    found.push(warning("it makes control groups beside systemd", hint));
  }
  const limits = [
    ["memory", info.MemoryLimit],
    ["cpu", info.CpuCfsQuota],
    ["pids", info.PidsLimit],
  ].flatMap(([name, has]) => has === false ? [name] : []);
  if (limits.length > 0) {
    found.push(warning(`it cannot limit ${limits.join(", ")} of containers`, "see control groups, above"));
  }
  if (info.IPv4Forwarding === false) {
    found.push(warning("the kernel forwards no packets to containers", "sudo sysctl -w net.ipv4.ip_forward=1"));
  }
  return found;
}

async function reachable(socket: string): Promise<DockerFacts["there"]> {
  try {
    await Deno.stat(socket);
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied ? "denied" : "missing";
  }
  try {
    // Stopped or not, who may use it is told by this alone.
    (await Deno.connect({ transport: "unix", path: socket })).close();
    return "there";
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied ? "denied" : "there";
  }
}

async function ask(socket: string, signal: AbortSignal): Promise<DockerFacts["answer"]> {
  const engine = new Engine(socket);
  try {
    const { body } = await engine.call("GET /info", { task: "tell of itself", timeoutMs: 9000, signal });
    return { about: await engine.about(), info: body as DockerInfo };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { failure: { message: error.message, hint: error.hint ?? null } };
  } finally {
    engine.close();
  }
}
