/** Every command there is, in the order in which `help` lists them. */
import type { Command } from "./command.ts";
import { preflight } from "./preflight.ts";
import { accept } from "./accept.ts";
import { completions } from "./completions.ts";
import { doctor } from "./doctor.ts";
import { down } from "./down.ts";
import { history } from "./history.ts";
import { suspend } from "./suspend.ts";
import { logs } from "./logs.ts";
import { notify } from "./notify.ts";
import { plan } from "./plan.ts";
import { prune } from "./prune.ts";
import { resume } from "./resume.ts";
import { reload } from "./reload.ts";
import { restart } from "./restart.ts";
import { rollback } from "./rollback.ts";
import { run } from "./run.ts";
import { schema } from "./schema.ts";
import { secret } from "./secret.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { stop } from "./stop.ts";
import { support } from "./support.ts";
import { sync } from "./sync.ts";
import { upgrade } from "./upgrade.ts";
import { validate } from "./validate.ts";
import { version } from "./version.ts";

export const COMMANDS: readonly Command[] = [
  run,
  status,
  plan,
  sync,
  logs,
  restart,
  rollback,
  history,
  suspend,
  resume,
  stop,
  start,
  prune,
  accept,
  notify,
  reload,
  down,
  upgrade,
  doctor,
  support,
  validate,
  secret,
  schema,
  completions(() => COMMANDS),
  version,
];

/** Words that no person says: `help` does not list them. */
export const HIDDEN: readonly Command[] = [preflight];
