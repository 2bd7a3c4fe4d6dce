/** [pure] From the fields of a manifest to a workload: what depends on more than one field is checked here. */
import type { Mount, Port, Probe, Resources, Workload } from "../model/workload.ts";
import { nearest } from "./nearest.ts";
import type { ManifestFile } from "./layout.ts";
import { type Place, quote, type Table } from "./place.ts";

/** With a hole where an item was wrong, which was said already. */
type Listed<T> = (T | undefined)[];

/** The workload, or undefined after the place was told what does not fit together. */
export function buildWorkload(
  read: Table,
  { manifest, env, place }: { manifest: ManifestFile; env: Record<string, string>; place: Place },
): Workload | undefined {
  const listed = (read.ports ?? []) as Listed<Port>;
  const ports = listed.filter((port) => port !== undefined);
  const replicas = read.replicas as number;
  const fixed = ports.find((port) => port.host !== null);
  if (replicas > 1 && fixed !== undefined) {
    const message = `asks for ${replicas} instances of one port of the device (${fixed.host})`;
    place.at("replicas").report(message, "set replicas = 1, or publish no port");
  }
  checkNames(listed, place.at("ports"));
  const base = {
    name: (read.name ?? manifest.stem) as string,
    description: read.description as string,
    manifest: manifest.entry.path,
    enabled: read.enabled as boolean,
    suspend: read.suspend as boolean,
    replicas,
    env: { ...env, ...read.env as Record<string, string> },
    ports,
    user: read.user as string | null,
    workingDir: read.working_dir as string | null,
    restart: read.restart as Workload["restart"],
    stopSignal: read.stop_signal as Workload["stopSignal"],
    stopTimeoutMs: read.stop_timeout as number,
    health: read.health === null || read.health === undefined
      ? null
      : probe(read.health as Table, { ports, manifest, place: place.at("health") }) ?? null,
    files: manifest.files,
    resources: resources(read.resources as Table | null),
  };
  if (manifest.kind === "service") {
    if (base.workingDir) checkWorkingDir(base.workingDir, { manifest, place: place.at("working_dir") });
    const command = read.command as string[] | undefined;
    if (command === undefined) return undefined;
    checkProgram(command[0]!, { manifest, place: place.at("command") });
    return { ...base, kind: "service", runtime: "native", command };
  }
  const mounts = (read.mounts ?? []) as Listed<Mount>;
  mounts.forEach((mount, index) => {
    checkMount(mount, { manifest, place: place.at("mounts").at(index) });
    const twin = mounts.findIndex((one) => one !== undefined && one.target === mount?.target);
    if (twin >= 0 && twin < index) {
      place.at("mounts").at(index).report(`something else is mounted at ${quote(mount?.target)} already`);
    }
  });
  if (read.image === undefined) return undefined;
  return {
    ...base,
    kind: "deployment",
    runtime: "docker",
    image: read.image as string,
    entrypoint: read.entrypoint as string[] | null,
    command: read.command as string[] | null,
    mounts: mounts.filter((mount) => mount !== undefined),
  };
}

/** What each type of probe may say. Where none is named, the first that may say what was said: a port alone is tcp. */
const PROBE_OWN: Record<Probe["type"], readonly string[]> = {
  command: ["command"],
  tcp: ["port"],
  http: ["path", "headers", "port"],
};

/** In `read`, null stands for what was not said, and undefined for what was wrong. */
function probe(
  read: Table,
  { ports, manifest, place }: { ports: Port[]; manifest: ManifestFile; place: Place },
): Probe | undefined {
  const said = ["command", "path", "headers", "port"].filter((name) => read[name] !== null);
  if (read.type === undefined) return undefined;
  const types = Object.keys(PROBE_OWN) as Probe["type"][];
  const type = read.type as Probe["type"] | null ?? types.find((one) => PROBE_OWN[one].includes(said[0] ?? ""));
  if (type === undefined) {
    return place.report(
      "does not say what to look at",
      'write path = "/healthz", port = 8080, or command = ["./alive.sh"]',
    );
  }
  for (const name of said.filter((one) => !PROBE_OWN[type].includes(one))) {
    place.at(name).reportKey(`a probe of type "${type}" has no ${name}`);
  }
  const timing = {
    intervalMs: read.interval as number,
    timeoutMs: read.timeout as number,
    retries: read.retries as number,
    startPeriodMs: read.start_period as number,
  };
  if (type === "command") {
    const command = read.command as string[] | null | undefined;
    if (command === null) return place.report('the field "command" is missing', 'write command = ["./alive.sh"]');
    if (command === undefined) return undefined;
    if (manifest.kind === "service") checkProgram(command[0]!, { manifest, place: place.at("command") });
    return { ...timing, type, command };
  }
  const port = probePort(read.port as number | string | null | undefined, { ports, place });
  if (port === undefined) return undefined;
  if (type === "tcp") return { ...timing, type, port };
  const { path, headers } = read as { path: string | null; headers: Record<string, string> | null };
  return { ...timing, type, port, path: path ?? "/", headers: headers ?? {} };
}

function probePort(
  wanted: number | string | null | undefined,
  { ports, place }: { ports: Port[]; place: Place },
): number | undefined {
  if (typeof wanted === "number" || wanted === undefined) return wanted;
  const reachable = ports.filter((port) => port.protocol === "tcp");
  const names = reachable.flatMap((port) => port.name ?? []);
  if (wanted !== null) {
    const named = reachable.find((port) => port.name === wanted);
    const close = nearest(wanted, names);
    const hint = close === null ? `the named ports are: ${names.join(", ") || "none"}` : `did you mean "${close}"?`;
    return named?.container ?? place.at("port").report(`there is no tcp port named ${quote(wanted)}`, hint);
  }
  return reachable[0]?.container ?? place.report("names no port, and the workload has none", "write port = 8080");
}

function resources(read: Table | null): Resources {
  return {
    memoryBytes: read?.memory as number | undefined ?? null,
    cpus: read?.cpu as number | undefined ?? null,
    pids: read?.pids as number | undefined ?? null,
  };
}

function checkNames(ports: Listed<Port>, place: Place): void {
  ports.forEach((port, index) => {
    if (port === undefined) return;
    const twin = ports.findIndex((one) => one !== undefined && overlaps(one, port));
    if (twin >= 0 && twin < index) place.at(index).report(`port ${port.host}/${port.protocol} is asked for twice`);
    const namesake = ports.findIndex((one) => port.name !== null && one?.name === port.name);
    if (namesake >= 0 && namesake < index) place.at(index).report(`two ports are named ${quote(port.name)}`);
  });
}

/** Whether the two can not both be had on the device. */
function overlaps(a: Port, b: Port): boolean {
  const isSameAddress = a.hostAddress === b.hostAddress || [a.hostAddress, b.hostAddress].includes("0.0.0.0");
  return a.host !== null && a.host === b.host && a.protocol === b.protocol && isSameAddress;
}

/** A folder that git does not bring is not there when the service begins. */
function checkWorkingDir(path: string, { manifest, place }: { manifest: ManifestFile; place: Place }): void {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || parts.length === 0) return;
  const folder = `${parts.join("/")}/`;
  if (manifest.files.some((one) => one.path.startsWith(folder))) return;
  place.report(`there is no folder ${quote(manifest.folder + parts.join("/"))}`, `put it into ${manifest.folder}`);
}

function checkProgram(program: string, { manifest, place }: { manifest: ManifestFile; place: Place }): void {
  if (!program.startsWith("./")) {
    if (program.includes("/") && !program.startsWith("/")) {
      place.report(`${quote(program)} is neither a name, nor absolute, nor of the folder`, `write "./${program}"`);
    }
    return;
  }
  const path = program.slice(2);
  const file = manifest.files.find((one) => one.path === path);
  if (file === undefined) {
    const close = nearest(path, manifest.files.map((one) => one.path));
    const hint = close === null ? `put it into ${manifest.folder}` : `did you mean "./${close}"?`;
    place.report(`there is no file ${quote(manifest.folder + path)}`, hint);
  } else if (!file.executable) {
    place.report(
      `the file ${quote(manifest.folder + path)} is not executable`,
      `git update-index --chmod=+x ${manifest.folder}${path}`,
    );
  }
}

function checkMount(mount: Mount | undefined, { manifest, place }: { manifest: ManifestFile; place: Place }): void {
  if (mount?.type !== "files") return;
  const { source } = mount;
  const there = manifest.files.some((one) => source === "" || one.path === source || one.path.startsWith(`${source}/`));
  if (!there) place.report(`there is nothing at ${quote(manifest.folder + source)}`, `put it into ${manifest.folder}`);
}
