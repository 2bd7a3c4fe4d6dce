/** Directories, store and limits that the native runtime is opened with. */
import type { Clock } from "../../clock.ts";
import type { ArtifactStore } from "./artifact/artifact_store.ts";
import type { SandboxOptions } from "./sandbox/sandbox_options.ts";

export interface NativeOptions extends SandboxOptions {
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
