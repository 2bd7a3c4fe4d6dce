/**
 * Reason codes: stable words for machines, always shown beside a sentence for people. A code is never renamed or reused.
 */

/** Why a workload is as it is, or why something could not be done. */
export const REASONS = {
  // all is as asked
  running: "runs as the revision asks",
  completed: "ended with success and is not to be started again",
  disabled: "is switched off in its manifest",
  suspended: "is left alone, because its manifest says so",
  // under way
  starting: "was started and is not known to be healthy yet",
  waiting: "waits for something else to happen first",
  // why an action was planned
  created: "is new in this revision",
  spec_changed: "has changed in git",
  file_changed: "a file of it has changed in git",
  replica_missing: "has fewer instances than asked for",
  replica_surplus: "has more instances than asked for",
  runtime_changed: "moved to another runtime",
  exited: "ended and is to be started again",
  removed: "is no longer in the repository",
  forced: "was asked for on the device",
  drift: "differs from what was started",
  // what went wrong
  crash_loop: "ended again and again",
  exit_nonzero: "ended with an error",
  unhealthy: "does not pass its health check",
  health_timeout: "was not healthy in time",
  invalid_manifest: "its manifest has problems",
  duplicate_name: "two manifests claim this name",
  command_not_found: "its program is not there or cannot be executed",
  start_failed: "could not be started",
  stop_failed: "could not be stopped",
  port_conflict: "its port is taken",
  user_unknown: "its user does not exist on this device",
  permission_denied: "the device does not permit it",
  image_pull_failed: "its image could not be pulled",
  image_not_found: "its image is not there",
  image_platform_mismatch: "its image is for another architecture",
  name_conflict: "a container that is not ours has its name",
  checksum_mismatch: "a download is not what was announced",
  secret_unresolved: "a secret of it could not be resolved",
  docker_unavailable: "Docker does not answer",
  docker_error: "Docker refused",
  runtime_disabled: "its runtime is switched off in the settings",
  runtime_unknown: "its runtime could not be observed",
  prune_held: "its removal waits for the owner's word",
  disk_full: "the disk is full",
  // the source
  repo_unreachable: "the repository does not answer",
  repo_not_found: "the repository is not there",
  auth_failed: "the repository refused the credentials",
  branch_not_found: "the branch is not there",
  path_not_found: "the path is not in the repository",
  repo_empty: "the repository has no manifest",
  repo_invalid: "what the repository sent is damaged or unusable",
  rate_limited: "the repository asked to come back later",
  internal_error: "something unexpected happened",
} as const;

export type ReasonCode = keyof typeof REASONS;
