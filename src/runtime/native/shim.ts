/**
 * The shim: a POSIX shell that stands between the daemon and a service, so that the service outlives the daemon and its
 * exit status is still known. It has a session of its own, writes down who the service is before it becomes the
 * program, and at the end how it ended. It starts the program again only where it was allowed to beforehand.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { open } from "node:fs/promises";

/**
 * Arguments: the run folder, the cgroup to join or "", the soft limit of open files, the score for the kernel's killer,
 * the umask, then the command.
 * - A trap with ":" survives here and is reset to the default in the child; an ignored signal would be inherited.
 * - fd 3 keeps the log for the child: the shell's own "Terminated" must not land in it.
 * - `read </proc/self/stat` is done by the subshell itself, whose pid and start time the program keeps over exec.
 * - A line in the file "grant" lets the program be started once more at once, unless it ended with one of the exit codes
 *   on that line; it is taken back as it is used. What the program left behind is killed first.
 * - Deno raises the soft limit of open files to the hard one, and children inherit it.
 */
const SHIM = `run=$1 cg=$2 nofile=$3 oom=$4 mask=$5; shift 5
trap : HUP INT QUIT TERM USR1 USR2 ALRM
exec 3>&2 2>/dev/null
read -r st </proc/self/stat && echo "$st" >"$run/shim"
while :; do
( exec 2>&3 3>&-
  [ -z "$cg" ] || echo 0 >"$cg/cgroup.procs" || exit 125
  echo "$oom" >/proc/self/oom_score_adj
  read -r st </proc/self/stat && echo "$st" >"$run/stat" || exit 125
  ulimit -S -n "$nofile" || exit 125
  umask "$mask"
  exec "$@" )
rc=$? grant=
read -r grant <"$run/grant" && case " $grant " in *" $rc "*) grant= ;; esac
[ -n "$grant" ] || break
: >"$run/grant"
read -r up rest </proc/uptime && echo "$rc $up" >>"$run/respawns"
[ -z "$cg" ] || echo 1 >"$cg/cgroup.kill"
done
echo "$rc" >"$run/exit"; exit "$rc"`;

/** What the kernel gives a login, unless the service says otherwise: 1024, so that select(2) keeps working. */
const NOFILE = 1024;

export interface ShimRequest {
  runDir: string;
  cgroup: string | null;
  logFile: string;
  cwd: string;
  env: Record<string, string>;
  oomScoreAdj: number;
  umask: number;
  /** Whose the log is to be, so that "echo >/dev/stderr" works, which opens it anew; null: the daemon's. */
  owner: { uid: number; gid: number } | null;
  /** Absolute program first. */
  command: string[];
  setsid: string;
}

/**
 * Starts the shim. Neither `detached` nor `uid` is used: with them Deno forks its whole address space in the place of
 * posix_spawn, which blocks the event loop for tens of milliseconds in a large process.
 */
export async function spawnShim(request: ShimRequest): Promise<ChildProcess> {
  const { runDir, cgroup, logFile, cwd, env, command, setsid, oomScoreAdj, umask, owner } = request;
  const log = await open(logFile, "a", 0o640);
  try {
    if (owner !== null) await log.chown(owner.uid, owner.gid);
    const settings = [runDir, cgroup ?? "", String(NOFILE), String(oomScoreAdj), umask.toString(8).padStart(4, "0")];
    const argv = ["/bin/sh", "-c", SHIM, "harbornode-shim", ...settings, setsid, ...command];
    const child = spawn(setsid, argv, { cwd, env, stdio: ["ignore", log.fd, log.fd] });
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}
