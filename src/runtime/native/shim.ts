/**
 * The shim: a POSIX shell that stands between the daemon and a service, so that the service outlives the daemon and its
 * exit status is still known. It has a session of its own, writes down who the service is before it becomes the
 * program, and at the end how it ended. It starts the program again only where it was allowed to beforehand.
 *
 * Two shells, one after the other in the same process: the first does what needs root, the second is the one that stays.
 * Where it can it stays as the service's user and in the service's cgroup, so that a restart needs neither again: to join
 * a cgroup costs 10 ms and more (the kernel waits for all processors), setpriv(1) another one.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { open } from "node:fs/promises";
import { diskFault } from "../../failure.ts";
import { ENTER, enterScript, exportScript } from "./sandbox/environment_script.ts";
import { MARKER } from "./service_environment.ts";

/**
 * Arguments: the run folder, the cgroup to join or "", the soft limit of open files, the score for the kernel's killer,
 * the umask, then the command.
 * - fd 4 takes notes for the daemon, fd 5 is where the daemon grants restarts: files that the service's user could not
 *   open, in a folder that it cannot enter.
 * - `read </proc/self/stat` is done by the shell itself, whose pid and start time its successor keeps over exec.
 * - Deno raises the soft limit of open files to the hard one, and children inherit it.
 * - The shell exports PWD by itself; what follows is root still, and needs no variable.
 */
const PREPARE = `hn_run=$1 hn_cg=$2 hn_nofile=$3 hn_oom=$4 hn_mask=$5; shift 5
read -r hn_st </proc/self/stat && echo "$hn_st" >"$hn_run/shim"
exec 4>>"$hn_run/notes" 5<>"$hn_run/grant" || exit 125
[ -z "$hn_cg" ] || echo 0 >"$hn_cg/cgroup.procs" || exit 125
echo "$hn_oom" >/proc/self/oom_score_adj
ulimit -S -n "$hn_nofile" || exit 125
umask "$hn_mask"
unset PWD
exec "$@"`;

/**
 * Arguments: a name for ps(1), the cgroup that it is in or "", then the command. `hn_export` gives a child the service's environment.
 * - A trap with ":" survives here and is reset to the default in the child; an ignored signal would be inherited.
 * - fd 3 keeps the log for the child: the shell's own "Terminated" must not land in it.
 * - A line of the grants is how many restarts there may be in all, then the exit codes that none follows. The last line
 *   counts; reading goes on where it ended.
 * - A program that left something behind in the cgroup is not restarted: that has to be gone first, ports and all.
 */
const STAY = `hn_stay() { hn_cg=$2 hn_restarts=0; shift 2
trap : HUP INT QUIT TERM USR1 USR2 ALRM
exec 3>&2 2>/dev/null
while :; do
( read -r hn_st </proc/self/stat && echo "start $hn_st" >&4 || exit 125
  exec 4>&- 5<&-
  hn_export
  exec 2>&3 3>&-
  exec "$@" )
hn_rc=$? hn_most=0 hn_final=
read -r hn_up hn_rest </proc/uptime
echo "end $hn_rc $hn_up" >&4
while read -r hn_one hn_more <&5; do hn_most=$hn_one hn_final=$hn_more; done
[ "$hn_restarts" -lt "$hn_most" ] && [ -n "$hn_cg" ] || break
case " $hn_final " in *" $hn_rc "*) break ;; esac
while read -r hn_pid; do [ "$hn_pid" = "$$" ] || break 2; done <"$hn_cg/cgroup.procs"
hn_restarts=$((hn_restarts + 1))
done
exit "$hn_rc"
}
`;

/**
 * For the shim that is the service's user: it reads its script, and the environment with it, from its standard input
 * (`environment_script.ts`), and keeps it for the starts that follow. The last line runs all of it, or nothing.
 */
function stayWithin(env: Record<string, string>): string {
  return `${exportScript(env)}${STAY}exec </dev/null; hn_stay "$@"\n`;
}

/** For the shim that stays root: it has no environment to hand on, and leaves its standard input to the service's user. */
const STAY_OUTSIDE = `hn_export() { unset PWD; }\n${STAY}hn_stay "$@"`;

/** Arguments: the cgroup, then the command. For a service alone, below a shim that stays outside. */
const JOIN = `hn_cg=$1; shift; echo 0 >"$hn_cg/cgroup.procs" || exit 125; unset PWD; exec "$@"`;

/** What the kernel gives a login, unless the service says otherwise: 1024, so that select(2) keeps working. */
const NOFILE = 1024;

export interface ShimRequest {
  runDir: string;
  cgroup: string | null;
  /**
   * "within": the shim stays below the service's own bounds. "outside": they could hit the shim as well, and the
   * service's exit status would be lost with it.
   */
  shim: "within" | "outside";
  logFile: string;
  cwd: string;
  /** The instance, by which its processes are found: the only variable that programs in front of setpriv(1) see. */
  id: string;
  /** The environment of the command. */
  env: Record<string, string>;
  oomScoreAdj: number;
  umask: number;
  /** Whose the log is to be, so that "echo >/dev/stderr" works, which opens it anew; null: the daemon's. */
  owner: { uid: number; gid: number } | null;
  /** What changes the process into that of the service; each executes the next. */
  chain: string[];
  /** Right in front of the command: sets the variables that no shell can hand on. */
  late: string[];
  /** Absolute program first. */
  command: string[];
  setsid: string;
}

/**
 * Starts the shim. Neither `detached` nor `uid` is used: with them Deno forks its whole address space in the place of
 * posix_spawn, which blocks the event loop for tens of milliseconds in a large process.
 */
export async function spawnShim(request: ShimRequest): Promise<ChildProcess> {
  const { logFile, cwd, env, id, setsid, owner, shim } = request;
  const log = await open(logFile, "a", 0o640);
  try {
    // Without it, only /dev/stderr cannot be opened anew: a disk that refuses keeps no service from running.
    if (owner !== null) {
      await log.chown(owner.uid, owner.gid).catch((error) => {
        if (diskFault(error) === null) throw error;
      });
    }
    const child = spawn(setsid, words(request), { cwd, env: { [MARKER]: id }, stdio: ["pipe", log.fd, log.fd] });
    // A shim that has ended reads nothing any more; how it ended is told by its exit.
    child.stdin!.on("error", () => {});
    child.stdin!.end(shim === "within" ? stayWithin(env) : enterScript(env));
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

/** The service has a session of its own too: its "kill 0" must not reach the shim. */
function words({ runDir, cgroup, shim, oomScoreAdj, umask, chain, late, command, setsid }: ShimRequest): string[] {
  const settings = [String(NOFILE), String(oomScoreAdj), umask.toString(8).padStart(4, "0")];
  const prepare = (group: string) => ["/bin/sh", "-c", PREPARE, "harbornode-shim", runDir, group, ...settings];
  const group = cgroup ?? "";
  if (shim === "within") {
    return [...prepare(group), ...chain, "/bin/sh", "-s", "--", "harbornode-shim", group, setsid, ...late, ...command];
  }
  const stay = ["/bin/sh", "-c", STAY_OUTSIDE, "sh", "harbornode-shim", ""];
  const join = cgroup === null ? [] : ["/bin/sh", "-c", JOIN, "harbornode-shim", cgroup];
  return [...prepare(""), ...stay, setsid, ...join, ...chain, ...ENTER, ...late, ...command];
}
