/** The table of settings, for config.toml and for the environment (environment.ts). */
import type { Section } from "./section.ts";
import { COMMIT_STATUS } from "./section/commit_status.ts";
import { DAEMON } from "./section/daemon.ts";
import { DOCKER } from "./section/docker.ts";
import { GENERAL } from "./section/general.ts";
import { LIMITS } from "./section/limits.ts";
import { LOG } from "./section/log.ts";
import { NATIVE } from "./section/native.ts";
import { POLICY } from "./section/policy.ts";
import { REPO } from "./section/repo.ts";
import { ROLLOUT } from "./section/rollout.ts";
import { RUNTIME } from "./section/runtime.ts";
import { SECRETS } from "./section/secrets.ts";
import { WEBHOOK } from "./section/webhook.ts";

/** The sections in the order of the reference. */
export const SECTIONS: readonly Section[] = [
  GENERAL,
  REPO,
  WEBHOOK,
  SECRETS,
  COMMIT_STATUS,
  DOCKER,
  RUNTIME,
  NATIVE,
  ROLLOUT,
  LIMITS,
  DAEMON,
  POLICY,
  LOG,
];
