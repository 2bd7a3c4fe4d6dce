/** What `harbornode doctor` prints, word for word. */
import assert from "node:assert/strict";
import { doctorObject, formatDoctor } from "../../../src/cli/format/format_doctor.ts";
import { ok, problem, skipped, warning } from "../../../src/doctor/finding.ts";
import type { CheckResult } from "../../../src/doctor/run_checks.ts";

const EXAMINED: CheckResult[] = [
  { group: "repository", check: "reach", findings: [ok("main is at 4f2c91a, told in 84 ms")] },
  { group: "repository", check: "token", findings: [ok("not used")] },
  { group: "repository", check: "ssh", findings: [ok("not used")] },
  {
    group: "machine",
    check: "control groups",
    findings: [
      warning(
        "there is no memory controller: such limits are not enforced",
        "sudo sed -i '1 s/$/ cgroup_enable=memory cgroup_memory=1/' /boot/firmware/cmdline.txt && sudo reboot",
      ),
    ],
  },
  { group: "daemon", check: "daemon", findings: [problem("no daemon \u001b[31manswers", "start it")] },
  { group: "daemon", check: "workloads", findings: [skipped("needs the daemon's word", null)] },
  { group: "daemon", check: "notifications", findings: [skipped("needs the daemon's word", null)] },
];

Deno.test("findings are shown by group, in 80 columns, each that is not well with what to do", () => {
  const shown = formatDoctor(EXAMINED);
  assert.equal(
    shown,
    `repository
  ok       reach: main is at 4f2c91a, told in 84 ms
  ok       token, ssh: not used

machine
  warning  control groups: there is no memory controller: such limits are not
           enforced
           hint: sudo sed -i '1 s/$/ cgroup_enable=memory cgroup_memory=1/'
             /boot/firmware/cmdline.txt && sudo reboot

daemon
  problem  daemon: no daemon \\u001b[31manswers
           hint: start it
  skipped  workloads, notifications: needs the daemon's word

3 ok, 2 skipped, 1 warning, 1 problem`,
  );
  for (const line of shown.split("\n")) assert.ok(line.length <= 80, line);
});

Deno.test("for programs each finding is one object, and the counts are told", () => {
  const { counts, checks } = doctorObject(EXAMINED);
  assert.deepEqual(counts, { ok: 3, skipped: 2, warning: 1, problem: 1 });
  assert.deepEqual(checks[0], {
    group: "repository",
    check: "reach",
    verdict: "ok",
    message: "main is at 4f2c91a, told in 84 ms",
    hint: null,
  });
  assert.equal(checks.length, 7);
});
