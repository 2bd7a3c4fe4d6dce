/** Every check there is, in the order in which they are shown; one file each. */
import type { Check } from "./check.ts";
import { daemon } from "./daemon/answers.ts";
import { notifications } from "./daemon/notifications.ts";
import { ports } from "./daemon/ports.ts";
import { webhook } from "./daemon/webhook.ts";
import { workloads } from "./daemon/workloads.ts";
import { docker } from "./docker/docker.ts";
import { certificates } from "./repository/certificates.ts";
import { reach } from "./repository/reach.ts";
import { sshFiles } from "./repository/ssh_files.ts";
import { token } from "./repository/token.ts";
import { executable } from "./service/executable.ts";
import { settings } from "./service/settings.ts";
import { unit } from "./service/unit.ts";
import { dataDir } from "./storage/data_dir.ts";
import { disk } from "./storage/disk.ts";
import { identity } from "./storage/identity.ts";
import { state } from "./storage/state.ts";
import { wear } from "./storage/wear.ts";
import { clock } from "./system/clock.ts";
import { controlGroups } from "./system/control_groups.ts";
import { kernel } from "./system/kernel.ts";
import { memory } from "./system/memory.ts";

export const CHECKS: readonly Check<unknown, "settings" | "snapshot">[] = [
  settings,
  reach,
  token,
  sshFiles,
  certificates,
  clock,
  kernel,
  controlGroups,
  memory,
  state,
  dataDir,
  disk,
  wear,
  identity,
  docker,
  unit,
  executable,
  daemon,
  workloads,
  ports,
  webhook,
  notifications,
];
