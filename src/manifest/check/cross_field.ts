/** [pure] Checks across the fields of one manifest: replicas, ports, the working directory and mounts. */
import { portsClash } from "../../model/port.ts";
import type { Mount, Port } from "../../model/workload.ts";
import type { DiagnosticScope } from "../../schema/diagnostic.ts";
import { quote } from "../../schema/toml_value.ts";
import type { ManifestFile } from "../find_manifests.ts";

/** Entries of `ports`: an entry of a deployment may be a range of ports. A wrong entry is a hole. */
export type PortEntries = readonly (Port | Port[] | undefined)[];

/** Reports replicas that would need one port of the device. */
export function checkReplicas(
  replicas: number,
  { ports, scope }: { ports: readonly Port[]; scope: DiagnosticScope },
): void {
  const fixed = ports.find((port) => port.host !== null && port.host !== 0);
  if (replicas <= 1 || fixed === undefined) return;
  scope.at("replicas").error(
    `asks for ${replicas} instances of one port of the device (${fixed.host})`,
    "set replicas = 1, or let the device choose: port = 0",
  );
}

/** Reports ports that clash, and names that two ports have. */
export function checkPorts(entries: PortEntries, scope: DiagnosticScope): void {
  const before: Port[] = [];
  entries.forEach((entry, index) => {
    const ports = entry === undefined ? [] : [entry].flat();
    for (const port of ports) {
      const at = scope.at(index);
      if (before.some((other) => portsClash(other, port))) {
        at.error(`port ${port.host}/${port.protocol} is asked for twice`);
      }
      if (port.name !== null && before.some((other) => other.name === port.name)) {
        at.error(`two ports are named ${quote(port.name)}`);
      }
    }
    before.push(...ports);
  });
}

interface WorkingDirContext {
  manifest: ManifestFile;
  hasArtifact: boolean;
  scope: DiagnosticScope;
}

/** Reports a relative directory that neither git nor the artifact can provide. */
export function checkWorkingDir(path: string, { manifest, hasArtifact, scope }: WorkingDirContext): void {
  if (hasArtifact && manifest.files.length === 0) return;
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || parts.length === 0) return;
  const directory = `${parts.join("/")}/`;
  if (manifest.files.some((file) => file.path.startsWith(directory))) return;
  scope.error(`there is no folder ${quote(manifest.folder + parts.join("/"))}`, `put it into ${manifest.folder}`);
}

interface MountContext {
  manifest: ManifestFile;
  scope: DiagnosticScope;
}

/** `mounts` and `tmpfs` as they were read. */
type MountsRead = Record<"mounts" | "tmpfs", readonly (Mount | undefined)[] | undefined>;

/** Returns `mounts` and `tmpfs` together. Reports missing files, and targets that two of them have. */
export function checkMounts(read: MountsRead, { manifest, scope }: MountContext): Mount[] {
  const mounts: Mount[] = [];
  for (const name of ["mounts", "tmpfs"] as const) {
    read[name]?.forEach((mount, index) => {
      if (mount === undefined) return;
      const at = scope.at(name).at(index);
      checkMount(mount, { manifest, scope: at });
      if (mounts.some(({ target }) => target === mount.target)) {
        at.error(`something else is mounted at ${quote(mount.target)} already`);
      }
      mounts.push(mount);
    });
  }
  return mounts;
}

function checkMount(mount: Mount, { manifest, scope }: MountContext): void {
  if (mount.type !== "files") return;
  const { source } = mount;
  const exists = manifest.files.some(({ path }) => source === "" || path === source || path.startsWith(`${source}/`));
  if (!exists) scope.error(`there is nothing at ${quote(manifest.folder + source)}`, `put it into ${manifest.folder}`);
}
