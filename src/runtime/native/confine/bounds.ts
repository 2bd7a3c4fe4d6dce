import type { DevicePolicy } from "../../../model/device_policy.ts";

/** What the device's owner lets services ask for; all that confines them takes these. */
export interface Bounds {
  /** Below it each workload has its own folder to write to. */
  stateDir: string;
  /** Users for services that name none, both ends included; null: they run as the daemon does. */
  uidRange: { from: number; to: number } | null;
  policy: DevicePolicy & {
    /** Like "CAP_NET_RAW". */
    allowCapabilities: readonly string[];
    allowRoot: boolean;
  };
}
