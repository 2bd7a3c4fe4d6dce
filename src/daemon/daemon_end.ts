/** Why a daemon ended. */

/**
 * - `stopped`: a signal asked it to.
 * - `down`: everything was stopped for good; a service manager should not start the daemon again by itself.
 * - `upgraded`: another executable is in place, which is to be started.
 * - `reload`: the settings changed, and another daemon of the same process goes on with the new ones.
 */
export type DaemonEnd = "stopped" | "down" | "upgraded" | "reload";

/** Log message for each. */
export const DAEMON_ENDS: Record<DaemonEnd, string> = {
  stopped: "stopped; workloads go on running",
  down: "everything is down",
  upgraded: "stopped for another executable; workloads go on running",
  reload: "stopped for new settings; workloads go on running",
};
