/** The table of settings, for config.toml and for the environment (environment_overrides.ts). */
import type { Section } from "./section.ts";
import { COMMIT_STATUS } from "./section/commit_status_section.ts";
import { DAEMON } from "./section/daemon_section.ts";
import { DOCKER } from "./section/docker_section.ts";
import { GENERAL } from "./section/general_section.ts";
import { LIMITS } from "./section/limits_section.ts";
import { LOG } from "./section/log_section.ts";
import { NATIVE } from "./section/native_section.ts";
import { POLICY } from "./section/policy_section.ts";
import { REPO } from "./section/repo_section.ts";
import { ROLLOUT } from "./section/rollout_section.ts";
import { RUNTIME } from "./section/runtime_section.ts";
import { SECRETS } from "./section/secrets_section.ts";
import { WEBHOOK } from "./section/webhook_section.ts";

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
