/** Every check there is, in the order in which they are shown; one file each. */
import type { Check } from "./check.ts";
import { daemon } from "./daemon/reachable.ts";
import { notifications } from "./daemon/failed_notifications.ts";
import { ports } from "./daemon/page_port.ts";
import { webhook } from "./daemon/webhook_deliveries.ts";
import { workloads } from "./daemon/failed_workloads.ts";
import { docker } from "./docker_engine.ts";
import { certificates } from "./repository/certificates.ts";
import { connectivity } from "./repository/connectivity.ts";
import { sshFiles } from "./repository/ssh_files.ts";
import { token } from "./repository/repository_token.ts";
import { executable } from "./service/installed_executable.ts";
import { settings } from "./service/config_file.ts";
import { unit } from "./service/unit_differences.ts";
import { dataDir } from "./storage/data_dir_checks.ts";
import { disk } from "./storage/free_space.ts";
import { identity } from "./storage/age_identity.ts";
import { state } from "./storage/state_writable.ts";
import { flashWear } from "./storage/flash_wear.ts";
import { clock } from "./machine/system_clock.ts";
import { controlGroups } from "./machine/cgroup_controllers.ts";
import { kernel } from "./machine/kernel_features.ts";
import { memory } from "./machine/memory_pressure.ts";

export const CHECKS: readonly Check<unknown, "settings" | "snapshot">[] = [
  settings,
  connectivity,
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
  flashWear,
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
