/**
 * The programs between the shim and a service: each changes one thing of its own process and executes the next. What
 * needs root comes before setpriv(1), which gives root up.
 */
import { getPriority } from "node:os";
import { Failure } from "../../../failure.ts";
import type { Limit } from "../../../model/rlimit.ts";
import type { NativeWorkload } from "../../../model/workload.ts";
import type { RunAs } from "./run_as.ts";
import { singleflight } from "../../../async/singleflight.ts";
import { requireTool } from "../../../os/tool.ts";

/** The words in front of the program. Throws `Failure` for what only root could do, and for a tool that is missing. */
export async function chainLoad(workload: NativeWorkload, identity: RunAs | null): Promise<string[]> {
  return [
    ...await niceWords(workload.nice ?? 0),
    ...await limitWords(workload),
    ...await privilegeArgs(identity, workload),
  ];
}

/**
 * setpriv(1): user, groups, capabilities. Once it has run there is no way back: no capability is left to set another
 * user with, and by default no set-user-id program helps (prctl(2), PR_SET_NO_NEW_PRIVS). Where those are to help,
 * the bounding set stays, which is what they may gain.
 */
export async function privilegeArgs(
  identity: RunAs | null,
  { noNewPrivileges }: Pick<NativeWorkload, "noNewPrivileges">,
): Promise<string[]> {
  const words = [await requireTool("setpriv")];
  if (noNewPrivileges) words.push("--no-new-privs");
  if (identity === null) return words;
  const { uid, gid, groups, capabilities } = identity;
  words.push(`--reuid=${uid}`, `--regid=${gid}`);
  words.push(groups.length === 0 ? "--clear-groups" : `--groups=${groups.join(",")}`);
  if (capabilities === "all") return words;
  const set = ["-all", ...capabilities.map((name) => `+${name.replace(/^CAP_/, "").toLowerCase()}`)].join(",");
  // Ambient ones are what a program that is not root keeps over exec; they must be inheritable too.
  words.push(`--inh-caps=${set}`, `--ambient-caps=${uid === 0 ? "-all" : set}`);
  if (noNewPrivileges) words.push(`--bounding-set=${set}`);
  return words;
}

/** prlimit(1), which raises hard limits while it is root. */
async function limitWords({ limits }: NativeWorkload): Promise<string[]> {
  const given = Object.entries(limits);
  if (given.length === 0) return [];
  return [
    await requireTool("prlimit"),
    ...given.map(([name, { soft, hard }]) => `--${name}=${bound(soft)}:${bound(hard)}`),
  ];
}

function bound(value: Limit["soft"]): string {
  return value === null ? "unlimited" : String(value);
}

/** nice(1) adds to what it inherits from the daemon. */
async function niceWords(wanted: number): Promise<string[]> {
  const step = wanted - getPriority();
  if (step === 0) return [];
  if (step < 0 && !await may("SYS_NICE")) throw notAllowed(`nice cannot go below ${getPriority()}, to ${wanted}`);
  return [await requireTool("nice"), "-n", String(step)];
}

/** What the shim writes to oom_score_adj before any of these run. */
export async function oomScoreAdj({ oomScoreAdj: wanted }: NativeWorkload): Promise<number> {
  if (await may("SYS_RESOURCE")) return wanted ?? 0;
  const own = Number(await Deno.readTextFile("/proc/self/oom_score_adj").catch(() => "0"));
  if (wanted !== null && wanted < own) throw notAllowed(`oom_score_adj cannot go below ${own}, to ${wanted}`);
  return Math.max(wanted ?? 0, own);
}

/** By their numbers in capabilities(7). Root in a container mostly lacks them. */
const BITS = { SYS_NICE: 23n, SYS_RESOURCE: 24n };

/** The daemon's own. */
const effectiveCapabilities = singleflight(async (file) => {
  const status = await Deno.readTextFile(file).catch(() => "");
  return BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
});

async function may(capability: keyof typeof BITS): Promise<boolean> {
  return (await effectiveCapabilities("/proc/self/status") >> BITS[capability] & 1n) === 1n;
}

function notAllowed(message: string): Failure {
  return new Failure(message, { kind: "refused", reason: "permission_denied", hint: "run the daemon as root" });
}
