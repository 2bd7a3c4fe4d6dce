import { hostname } from "node:os";
import { type Checkout, openCheckout, readForDevice } from "../operations/checkout_plan.ts";
import { FLEET_FILE } from "../manifest/device/fleet.ts";
import { daemonPolicyProblems } from "../manifest/device/harbornode_toml.ts";
import type { Target } from "../manifest/device/selector.ts";
import { policyProblems } from "../manifest/check/policy_problems.ts";
import { portConflicts } from "../manifest/check/port_conflicts.ts";
import { type ManifestTree, overlayProblems } from "../manifest/read_manifests.ts";
import type { Desired } from "../model/desired.ts";
import type { Policy } from "../model/policy/policy.ts";
import { type Problem, problemLine } from "../model/problem.ts";
import { readPolicyFile } from "../settings/policy_file.ts";
import { type Command, type CommandInput, UsageError } from "./command.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { fleetObject, type FleetResult, formatFleet } from "./format/format_fleet.ts";
import { formatProblems } from "./format/format_problem.ts";

export const validate: Command = {
  name: "validate",
  usage: "DIR [--device NAME | --all-devices] [--policy FILE]",
  summary: "Check the manifests of a checkout; needs no device",
  options: [
    { flag: "--device NAME", doc: `as this device: one of ${FLEET_FILE}, or any other (default: this machine's name)` },
    { flag: "--label KEY=VALUE", doc: "a label of the device; separate several with commas" },
    { flag: "--all-devices", doc: `as each device of ${FLEET_FILE}, and show which of them runs what` },
    { flag: "--policy FILE", doc: "tell what a device refuses: a config.toml, or the keys of its [policy] alone" },
    { flag: "--json", doc: "with --all-devices: the same as one object, for programs" },
  ],
  flags: {
    device: { type: "string" },
    label: { type: "string" },
    "all-devices": { type: "boolean" },
    policy: { type: "string" },
    json: { type: "boolean" },
  },
  positionals: { min: 1, max: 1 },
  async run(input) {
    const checkout = await openCheckoutOrFail(input.positionals[0]!);
    const read = typeof input.flags.policy === "string" ? await readPolicyFile(input.flags.policy) : { policy: null };
    if ("problems" in read) return refuse(read.problems, input);
    const { policy } = read;
    if (input.flags["all-devices"] === true) return await validateAll(checkout, { input, policy });
    const target = targetOf(checkout, input.flags);
    const { desired, tree } = await readForDevice(checkout, target);
    const { out, note } = input;
    for (const { name, kind, job, replicas } of desired.workloads) {
      const ways = desired.choices?.get(name)?.specs.map((spec) => spec.runtime) ?? [];
      const choice = ways.length < 2 ? "" : `, ${ways.join(" or ")}`;
      out(`${name}: ${job === null ? kind : "job"}${choice}${replicas === 1 ? "" : `, ${replicas} instances`}`);
    }
    for (const name of desired.notSelected) out(`${name}: not for this device`);
    const problems = [
      ...checkout.problems,
      ...problemsOf(desired, { tree, target, policy }),
      ...overlayProblems(tree, target),
    ];
    const count = desired.workloads.length;
    if (problems.length > 0 || count + desired.notSelected.length === 0) return refuse(problems, input);
    note(`${count} ${count === 1 ? "workload" : "workloads"} for device "${target.device}", no problem`);
    return EXIT.done;
  },
};

function problemsOf(
  desired: Desired,
  { tree, target, policy }: { tree: ManifestTree; target: Target; policy: Policy | null },
): Problem[] {
  return [
    ...desired.invalid.flatMap((invalid) => invalid.problems),
    ...desired.daemon?.problems ?? [],
    ...portConflicts(desired, tree),
    ...(policy === null ? [] : policyProblems(desired, { tree, policy })),
    ...(policy === null || desired.daemon === undefined
      ? []
      : daemonPolicyProblems(desired.daemon, { tree, target, policy })),
  ];
}

async function validateAll(
  checkout: Checkout,
  { input, policy }: { input: CommandInput; policy: Policy | null },
): Promise<ExitCode> {
  const { fleet } = checkout;
  if (fleet.length === 0 && checkout.problems.length === 0) {
    throw new UsageError(`there is no ${FLEET_FILE} in "${input.positionals[0]}" that names the devices`);
  }
  const read: FleetResult[] = [];
  const problems = new Map(checkout.problems.map((problem) => [problemLine(problem), problem]));
  for (const target of fleet) {
    const { desired, tree } = await readForDevice(checkout, target);
    read.push({ device: target.device, desired });
    const all = [...problemsOf(desired, { tree, target, policy }), ...overlayProblems(tree, target)];
    for (const problem of all) problems.set(problemLine(problem), problem);
  }
  input.out(input.flags.json === true ? JSON.stringify(fleetObject(read), null, 2) : formatFleet(read));
  const isEmpty = read.every(({ desired }) => desired.workloads.length + desired.notSelected.length === 0);
  if (problems.size > 0 || isEmpty) return refuse([...problems.values()], input);
  input.note(`${fleet.length} ${fleet.length === 1 ? "device" : "devices"}, no problem`);
  return EXIT.done;
}

function refuse(problems: readonly Problem[], { note, positionals }: CommandInput): ExitCode {
  note(
    problems.length > 0
      ? formatProblems(problems)
      : `error: ${positionals[0]}: there is no manifest in services/ or deployments/\n  hint: add services/NAME.toml`,
  );
  return EXIT.problems;
}

/** Throws `UsageError` for what is no folder. */
export async function openCheckoutOrFail(dir: string): Promise<Checkout> {
  const info = await Deno.stat(dir).catch(() => null);
  if (!info?.isDirectory) throw new UsageError(`"${dir}" is not a folder`);
  return await openCheckout(dir);
}

/** The device that the flags name: as devices.toml knows it, with the labels of the flags. */
export function targetOf({ fleet }: Checkout, flags: CommandInput["flags"]): Target {
  const name = typeof flags.device === "string" ? flags.device : hostname();
  const known = fleet.find(({ device }) => device === name) ?? { device: name, labels: {} };
  return { ...known, labels: { ...known.labels, ...labels(flags.label) } };
}

function labels(flag: CommandInput["flags"][string]): Record<string, string> {
  if (typeof flag !== "string") return {};
  return Object.fromEntries(
    flag.split(",").map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`--label is "${pair}", wanted KEY=VALUE`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
