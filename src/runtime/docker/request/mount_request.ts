/** [pure] A mount as Docker takes it. */
import { join } from "node:path";
import { Failure } from "../../../failure.ts";
import type { Mount } from "../../../model/workload.ts";
import { LABEL } from "../container.ts";
import type { CreateMount } from "../api_types.ts";

export interface MountSources {
  /** Where the files of the workload's folder are; null for none. */
  filesDir: string | null;
  /** Where those of them are that are mounted one by one; null or absent: there too. */
  aloneDir?: string | null;
  /** Paths of the device that may be mounted, as manifests name them, to where they really are. */
  hostPaths: ReadonlyMap<string, string>;
}

export function createMount(
  mount: Mount,
  { filesDir, aloneDir = null, alone, hostPaths, deviceId }: MountSources & {
    deviceId: string;
    /** Sources of the mounts that are files in `aloneDir`. */
    alone: ReadonlySet<string>;
  },
): CreateMount {
  const { target: Target } = mount;
  switch (mount.type) {
    case "files":
      // Always read only: the folder is shared by all instances of this content.
      return {
        Type: "bind",
        Source: fileSource(mount.source, aloneDir !== null && alone.has(mount.source) ? aloneDir : filesDir),
        Target,
        ReadOnly: true,
      };
    case "volume":
      return {
        Type: "volume",
        Source: mount.source,
        Target,
        ReadOnly: mount.readOnly,
        VolumeOptions: { Labels: { [LABEL.device]: deviceId } },
      };
    case "host": {
      const Source = hostPaths.get(mount.source);
      if (Source === undefined) throw new Error(`"${mount.source}" was not looked at before it is mounted`);
      return { Type: "bind", Source, Target, ReadOnly: mount.readOnly };
    }
    case "tmpfs": {
      const size = mount.sizeBytes === null ? {} : { SizeBytes: mount.sizeBytes };
      const options = { ...size, ...(mount.mode === undefined ? {} : { Mode: mount.mode }) };
      return { Type: "tmpfs", Target, ...(Object.keys(options).length === 0 ? {} : { TmpfsOptions: options }) };
    }
  }
}

/** The last guard before Docker: nothing outside the workload's own folder is ever mounted, whatever was read. */
function fileSource(source: string, filesDir: string | null): string {
  const path = filesDir === null ? null : join(filesDir, source).replace(/\/$/, "");
  if (filesDir === null || path === null || (path !== filesDir && !path.startsWith(`${filesDir}/`))) {
    throw new Failure(`The mount's source "${source}" is not in the workload's folder`, {
      kind: "mistake",
      reason: "start_failed",
      hint: "name a file or folder that lies beside the manifest",
    });
  }
  return path;
}
