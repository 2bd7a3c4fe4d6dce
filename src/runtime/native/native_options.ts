/** Directories, store and limits that the native runtime is opened with. */
import type { Clock } from "../../clock.ts";
import type { ArtifactStore } from "./artifact/store.ts";
import type { Bounds } from "./confine/bounds.ts";

export interface NativeOptions extends Bounds {
  /** Records of instances; on a file system that a reboot empties, where there is one. */
  runDir: string;
  logDir: string;
  /** For logs while the disk of `logDir` takes none; absent for nowhere. */
  asideLogDir?: string | null;
  /** Where files with secrets are; a folder of its own, which the services' users may pass. */
  credentialsDir: string;
  artifacts: ArtifactStore;
  deviceId: string;
  clock: Clock;
}
