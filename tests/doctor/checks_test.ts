/** The table of checks, and how they are carried out: all at once, each with an end. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import type { Check, DoctorContext } from "../../src/doctor/check.ts";
import { CHECKS } from "../../src/doctor/checks.ts";
import { runChecks } from "../../src/doctor/run_checks.ts";
import { ok, problem } from "../../src/doctor/finding.ts";
import { parseMounts } from "../../src/doctor/inspect_host.ts";
import { Failure } from "../../src/failure.ts";

const NOTHING: DoctorContext = {
  settings: null,
  problems: [],
  snapshot: null,
  silence: null,
  root: "/",
  isRoot: true,
  env: {},
  clock: systemClock,
};

function check(name: string, look: Check<string>["gather"]): Check<string> {
  return { group: "machine", name, gather: look, evaluate: (facts) => [ok(facts)] };
}

Deno.test("no two checks have one name, and those of a group stand together", () => {
  const names = CHECKS.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  const groups = CHECKS.map(({ group }) => group).filter((group, index, all) => group !== all[index - 1]);
  assert.deepEqual(groups, ["settings", "repository", "machine", "storage", "docker", "service", "daemon"]);
});

Deno.test("a problem that others come from is shown before them, and stands in its group when all is well", async () => {
  for (
    const [finding, order] of [[problem("full", "free some"), ["state", "one"]], [ok("fine"), [
      "one",
      "state",
    ]]] as const
  ) {
    const first: Check<string> = {
      ...check("state", () => Promise.resolve("")),
      isFirst: true,
      evaluate: () => [finding],
    };
    const one = check("one", () => Promise.resolve("one"));
    const examined = await runChecks([one, first], NOTHING, { signal: AbortSignal.any([]) });
    assert.deepEqual(examined.map((each) => each.check), order);
  }
});

Deno.test("the judgement of every check has a test", async () => {
  const here = new URL(".", import.meta.url);
  const text = async (path: string) => await Deno.readTextFile(new URL(path, here));
  const tests = await Promise.all(["repository", "machine", "daemon"].map((name) => text(`${name}_checks_test.ts`)));
  const judged = [...tests.join("\n").matchAll(/^judges\(\s*(\w+),/gm)].map(([, name]) => name).sort();
  const table = await text("../../src/doctor/checks.ts");
  const all = [...table.matchAll(/^ {2}(\w+),$/gm)].map(([, name]) => name).sort();
  assert.equal(all.length, CHECKS.length);
  assert.deepEqual(judged, all);
});

Deno.test("a check that hangs, or breaks, is told of and keeps no other one", async () => {
  const failure = new Failure("the disk is on fire", { kind: "refused", reason: "internal_error", hint: "leave" });
  const examined = await runChecks(
    [
      check("hangs", () => new Promise(() => {})),
      check(
        "obeys",
        (_, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      ),
      { ...check("knows", () => new Promise(() => {})), whenLate: problem("the disk hangs", "replace it") },
      check("fails", () => Promise.reject(failure)),
      check("breaks", () => Promise.reject(new TypeError("oops"))),
      check("works", () => Promise.resolve("fine")),
    ],
    NOTHING,
    { signal: AbortSignal.any([]), timeoutMs: 50 },
  );
  const said = examined.map(({ findings: [finding] }) => `${finding?.verdict}: ${finding?.message}`);
  assert.deepEqual(said, [
    "warning: no answer within 0.05 s",
    "warning: no answer within 0.05 s",
    "problem: the disk hangs",
    "warning: could not be looked at: the disk is on fire",
    "warning: could not be looked at: TypeError: oops",
    "ok: fine",
  ]);
});

Deno.test("Ctrl-C ends all checks at once, with its own reason", async () => {
  const stop = new AbortController();
  const running = runChecks([check("hangs", () => new Promise(() => {}))], NOTHING, { signal: stop.signal });
  stop.abort(new Error("interrupted"));
  await assert.rejects(running, /interrupted/);
});

Deno.test("without settings and without a daemon, what can be looked at is, and the rest says what it needs", async () => {
  const needy = { ...check("needy", () => Promise.resolve("fine")), needs: ["settings"] as const };
  const curious = { ...check("curious", () => Promise.resolve("fine")), needs: ["snapshot"] as const };
  const said = async (context: DoctorContext) => {
    const examined = await runChecks([needy, curious, check("modest", () => Promise.resolve("fine"))], context, {
      signal: AbortSignal.any([]),
    });
    return examined.map(({ findings: [one] }) => `${one!.message}${"hint" in one! ? `: ${one.hint}` : ""}`);
  };
  assert.deepEqual(await said(NOTHING), ["needs the settings: null", "needs the settings: null", "fine"]);
  const denied = { ...NOTHING, settings: {} as never, silence: { message: "", hint: "", denied: true } };
  assert.deepEqual(await said(denied), ["fine", "needs the daemon's word: sudo harbornode doctor", "fine"]);
});

Deno.test("mounts are read as the kernel writes them: read-only in either place, names with spaces", () => {
  const text = [
    "26 1 179:2 / / rw,relatime shared:1 - ext4 /dev/mmcblk0p2 rw",
    "40 26 8:1 / /mnt/my\\040disk rw,nosuid - vfat /dev/sda1 ro,fmask=0022",
    "41 26 0:40 / /ro ro - tmpfs tmpfs rw",
    "",
  ].join("\n");
  assert.deepEqual(parseMounts(text), [
    { path: "/", kind: "ext4", device: "/dev/mmcblk0p2", isReadOnly: false },
    { path: "/mnt/my disk", kind: "vfat", device: "/dev/sda1", isReadOnly: true },
    { path: "/ro", kind: "tmpfs", device: "tmpfs", isReadOnly: true },
  ]);
});
