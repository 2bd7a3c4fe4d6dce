/**
 * [pure] What somebody changed of a container since we made it, as far as Docker shows it: its limits, its name, its
 * networks. Its files are not looked at; its restart policy is set back without a word (grant.ts).
 */
import { containerName, LABEL, networksOf } from "./container.ts";
import type { CreateContainer, InspectedContainer } from "./api_types.ts";
import { formatMebibytes } from "../../model/size.ts";

/** What `docker update` changes, and how a person calls it. */
const LIMITS: Record<string, { name: string; shown?: (value: number) => string }> = {
  Memory: { name: "memory limit", shown: (bytes: number) => formatMebibytes(bytes, 1) },
  MemoryReservation: { name: "memory reservation", shown: (bytes: number) => formatMebibytes(bytes, 1) },
  NanoCpus: { name: "limit of cpus", shown: (value) => String(value / 1e9) },
  CpuShares: { name: "cpu shares" },
  CpuQuota: { name: "cpu quota" },
  CpuPeriod: { name: "cpu period" },
  CpusetCpus: { name: "set of cpus" },
  CpusetMems: { name: "set of memory nodes" },
  BlkioWeight: { name: "block I/O weight" },
  PidsLimit: { name: "limit of processes" },
};

type Limits = Record<string, number | string>;

/** With a label that holds the limits that it is made with. */
export function withCreationLabels(request: CreateContainer): CreateContainer {
  return { ...request, Labels: { ...request.Labels, [LABEL.made]: JSON.stringify(limitsOf(request.HostConfig)) } };
}

/** A sentence; null for a container that is as it was made. */
export function detectDrift(container: InspectedContainer): string | null {
  return alteredLimit(container) ?? alteredName(container) ?? alteredNetworks(container);
}

function alteredLimit({ Config: { Labels: labels }, HostConfig: host = {} }: InspectedContainer): string | null {
  const made = parsed(labels?.[LABEL.made]);
  if (made === null) return null;
  const has = limitsOf(host);
  for (const [key, { name, shown = String }] of Object.entries(LIMITS)) {
    const [from, to] = [made[key], has[key]];
    // None where one was asked for: Docker leaves out what the kernel cannot do, and says so only once.
    if (to === undefined || from === to) continue;
    const text = (value: number | string | undefined) =>
      value === undefined ? "none" : typeof value === "number" ? shown(value) : value;
    return `its ${name} was changed from ${text(from)} to ${text(to)}`;
  }
  return null;
}

function alteredName({ Config: { Labels: labels }, Name: name }: InspectedContainer): string | null {
  const own = containerName(labels?.[LABEL.workload] ?? "", Number(labels?.[LABEL.slot]));
  const shown = name.replace(/^\//, "");
  return shown === own || shown.startsWith(`${own}-`) ? null : `it was renamed to "${shown}"`;
}

/** One that has left a network of ours is withheld, and joined to it again. */
function alteredNetworks(container: InspectedContainer): string | null {
  const has = Object.keys(container.NetworkSettings?.Networks ?? {}).sort();
  const mode = container.HostConfig?.NetworkMode ?? "";
  const belongs = networksOf(container);
  if (belongs.length === 0 && has.length === 0 && (mode === "default" || mode === "bridge")) {
    return "it was disconnected from its network";
  }
  const more = belongs.length === 0
    ? has.filter((name) => !isOfMode(name, mode))
    : has.filter((name) => !belongs.includes(name));
  return more.length === 0 ? null : `it was connected to network "${more[0]}"`;
}

/** What it was created on is where Docker put it, whatever that is called. */
function isOfMode(name: string, mode: string): boolean {
  return name === mode || ((mode === "default" || mode === "") && ["bridge", "podman", "none"].includes(name));
}

function limitsOf(host: object): Limits {
  const values = host as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(LIMITS).flatMap((key) => {
      const value = values[key];
      const isNone = value === 0 || value === -1 || value === "";
      return !isNone && (typeof value === "number" || typeof value === "string") ? [[key, value]] : [];
    }),
  );
}

/** Null for a container that somebody else made to look like ours. */
function parsed(label: string | undefined): Limits | null {
  try {
    const made = JSON.parse(label ?? "null") as unknown;
    return made !== null && typeof made === "object" ? made as Limits : null;
  } catch {
    return null;
  }
}
