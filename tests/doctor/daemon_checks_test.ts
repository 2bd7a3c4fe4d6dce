/** What is made of what was seen of the settings, the unit and the daemon. */
import { daemon } from "../../src/doctor/daemon/reachable.ts";
import { notifications } from "../../src/doctor/daemon/failed_notifications.ts";
import { ports } from "../../src/doctor/daemon/page_port.ts";
import { state } from "../../src/doctor/storage/state_writable.ts";
import { webhook } from "../../src/doctor/daemon/webhook_deliveries.ts";
import { workloads } from "../../src/doctor/daemon/failed_workloads.ts";
import { executable } from "../../src/doctor/service/installed_executable.ts";
import { settings } from "../../src/doctor/service/config_file.ts";
import { unit } from "../../src/doctor/service/unit_differences.ts";
import { UNIT } from "../../src/doctor/service/embedded_unit.ts";
import { judges } from "./evaluate_checks.ts";

const NOW = Date.UTC(2026, 10, 21, 18, 0);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

judges(
  state,
  { unsaved: null },
  [
    [{}, "ok: everything is saved"],
    [
      {
        unsaved: {
          since: "2026-11-21T17:00:00Z",
          reason: "disk_full",
          message: "state cannot be saved",
          hint: "free some",
        },
      },
      "problem: state cannot be saved\n  free some",
    ],
  ],
);

judges(
  settings,
  { file: "/etc/harbornode/config.toml", problems: [], isRoot: true, isOpen: true, holdsSecret: false },
  [
    [{}, "ok: /etc/harbornode/config.toml"],
    [{ file: null }, "ok: none; all is in the environment"],
    [{ isOpen: false, holdsSecret: true }, /^ok/],
    [
      { holdsSecret: true },
      'warning: everybody on this device can read the secret in "/etc/harbornode/config.toml"\n' +
      "  sudo chmod 600 /etc/harbornode/config.toml",
    ],
    [
      {
        problems: [{
          file: "config.toml",
          field: "listen_port",
          line: 3,
          column: 1,
          message: 'is "x", wanted a number',
        }],
      },
      /^problem: config\.toml:3:1: listen_port: is "x", wanted a number\n {2}correct it there/,
    ],
    [
      { isRoot: false, problems: [{ file: "config.toml", field: "", message: "cannot be read: permission denied" }] },
      /^skipped: .*permission denied\n {2}sudo harbornode doctor$/,
    ],
  ],
);

judges(unit, {
  systemd: "systemd 252 (252.30-1~deb12u2)",
  installed: { file: "/etc/systemd/system/harbornode.service", text: UNIT },
  dropIns: [],
  state: "enabled",
  lingers: null,
  isCompiled: true,
}, [
  [{}, "ok: enabled, systemd 252"],
  [{ dropIns: ["override.conf"] }, "ok: enabled, with override.conf, systemd 252"],
  [{ installed: { file: "/u", text: `# mine\n\n${UNIT}` } }, "ok: enabled, systemd 252"],
  [{ systemd: null }, "skipped: this machine was not started by systemd"],
  [{ installed: null, state: null }, /^warning: none is installed/],
  [{ installed: null, state: null, isCompiled: false }, "ok: none"],
  [
    { installed: { file: "/u", text: `${UNIT}\nEnvironment=TOKEN=hunter2\n` } },
    'warning: "/u" is not the one of this build: it says "Environment" otherwise\n' +
    "  keep your changes in a drop-in (sudo systemctl edit harbornode), and run install.sh again",
  ],
  [{ installed: { file: "/u", text: UNIT.replace("KillMode=process\n", "") } }, /: it lacks "KillMode=process"\n/],
  [{ state: "disabled" }, "warning: it is not started with the device\n  sudo systemctl enable harbornode"],
  [{ state: "masked" }, "problem: it is masked\n  sudo systemctl unmask harbornode"],
  [{ lingers: false }, "warning: it ends when you log out\n  loginctl enable-linger"],
  [{ systemd: "systemd 241 (241)" }, /^warning: systemd 241 \(241\) is older than 247\n/],
]);

const BIN = "/usr/local/bin/harbornode";
judges(executable, {
  version: "0.2.0",
  commit: "4f2c91a",
  path: BIN,
  onPath: BIN,
  refused: null,
  daemon: { version: "0.2.0", pid: 7, path: BIN },
}, [
  [{}, `ok: 0.2.0 (4f2c91a) ${BIN}`],
  [{ daemon: null }, /^ok/],
  [{ refused: "0.3.0" }, /^warning: 0\.3\.0 did not work here, and the executable before it was put back\n/],
  [{ commit: "source", onPath: null }, "ok: 0.2.0, from source"],
  [
    { daemon: { version: "0.1.0", pid: 7, path: null } },
    "warning: the daemon runs 0.1.0, and this is 0.2.0\n  sudo systemctl restart harbornode",
  ],
  [
    { daemon: { version: "0.2.0", pid: 7, path: `${BIN} (deleted)` } },
    /^warning: the daemon still runs the executable that was replaced\n/,
  ],
  [{ daemon: { version: "0.2.0", pid: 7, path: "/opt/harbornode" } }, /^warning: the daemon runs "\/opt\/harbornode"/],
  [{ onPath: "/opt/harbornode" }, /^warning: "harbornode" in a shell is "\/opt\/harbornode"/],
  [{ onPath: null }, /^warning: "harbornode" is not on the PATH\n {2}sudo ln -s/],
]);

const at = (ago: number) => new Date(NOW - ago).toISOString();
const SOURCE = { last_sync_at: at(30_000), error: null, delayed: null };
judges(daemon, {
  daemon: { version: "0.2.0", pid: 7, startedAt: NOW - 3 * DAY },
  silence: null,
  source: SOURCE,
  pendingRemoval: null,
  intervalMs: MINUTE,
  now: NOW,
}, [
  [{}, "ok: pid 7, up 3 d, looked 30 s ago"],
  [{ daemon: null, source: null }, "skipped: needs the settings"],
  [
    { daemon: null, source: null, silence: { message: "no daemon answers", hint: "start it", denied: false } },
    "problem: no daemon answers\n  start it",
  ],
  [
    { daemon: null, source: null, silence: { message: "you may not", hint: "use sudo", denied: true } },
    "skipped: you may not\n  use sudo",
  ],
  [{ source: { ...SOURCE, last_sync_at: at(7 * MINUTE) } }, /^ok/],
  [
    { source: { ...SOURCE, last_sync_at: at(9 * MINUTE) } },
    /^warning: it has not looked at the repository for 9 min\n/,
  ],
  [
    { source: { ...SOURCE, error: { reason: "auth_failed", message: "refused", hint: null, transient: false } } },
    /^problem: its last sync failed: refused\n/,
  ],
  [
    { source: { ...SOURCE, error: { reason: "repo_unreachable", message: "away", hint: "wait", transient: true } } },
    "warning: its last sync failed: away\n  wait",
  ],
  [{ pendingRemoval: "3 of 4" }, "warning: a removal is pending: 3 of 4\n  see what it removes: harbornode prune"],
]);

judges(workloads, { total: 3, failing: [], warned: [], runtimes: [] }, [
  [{}, "ok: 3, all as asked"],
  [{ total: 0 }, "ok: none on this device"],
  [{ failing: ["a", "b"], warned: ["c"] }, /^warning: 2 of 3 need attention: a, b\n.*\nwarning: warnings of c\n/],
  [
    { runtimes: [{ name: "docker", message: "no answer" }] },
    "problem: docker does not answer: no answer\n  see docker, above",
  ],
]);

judges(ports, {
  listenPort: 3080,
  isOurs: true,
  taken: null,
  range: { from: 20_000, to: 29_999 },
  inUse: 3,
  ephemeral: { from: 32_768, to: 60_999 },
  conflicts: [],
}, [
  [{}, "ok: 3080 is the daemon's, 3 of 10000 taken in 20000-29999"],
  [{ isOurs: false }, /^ok: 3080 is free/],
  [{ isOurs: null }, /^ok: 3080 is the daemon's, or free, 3 of/],
  [{ listenPort: 0 }, /^ok: any for the page/],
  [{ taken: 'port 3080/tcp is taken by "nginx" (pid 9)' }, /^problem: port 3080\/tcp is taken by "nginx" \(pid 9\)\n/],
  [{ inUse: 9001 }, /^warning: 9001 of 10000 ports/],
  [{ ephemeral: { from: 29_999, to: 60_999 } }, /^warning: .*\n.*ip_local_reserved_ports=20000-29999/],
  [{ conflicts: [{ name: "web", message: "port 80 is taken", hint: null }] }, /^problem: web: port 80 is taken\n/],
]);

const DELIVERY = { at: at(5 * MINUTE), forge: "github", verdict: "accepted", message: "" } as const;
judges(webhook, { secrets: 1, intervalMs: MINUTE, listenPort: 3080, deliveries: [DELIVERY], now: NOW }, [
  [{}, "ok: last delivery 5 min ago (github): accepted"],
  [{ secrets: 0 }, "ok: none; the repository is looked at every 60 s"],
  [{ deliveries: null }, "skipped: needs the daemon's word"],
  [{ deliveries: [] }, /^warning: a secret is set, and nothing was ever delivered.*\n.*http:\/\/DEVICE:3080\/webhook/],
  [
    { deliveries: [{ ...DELIVERY, verdict: "refused", message: "its signature does not hold" }] },
    /^warning: the last delivery, 5 min ago \(github\), was refused: its signature/,
  ],
]);

const TOLD = { name: "phone", waiting: 0, lost: 0, sent_at: null, error: null };
judges(notifications, { targets: [TOLD] }, [
  [{}, "ok: phone"],
  [{ targets: [] }, "ok: nobody is told"],
  [
    { targets: [TOLD, { ...TOLD, name: "chat", waiting: 2, error: "404" }] },
    "warning: chat could not be told (2 waiting): 404\n  mend it in config.toml, and try it: harbornode notify test",
  ],
]);
