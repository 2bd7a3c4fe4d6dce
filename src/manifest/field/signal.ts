/** [pure] Signals by name, with or without the prefix SIG. */
import type { SignalName } from "../../model/workload.ts";
import { oneOf, type Schema } from "../../schema/schema.ts";

const NAMES = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL"] as const;

const signals: Schema<SignalName> = oneOf(...NAMES);

export const signalName: Schema<SignalName> = {
  ...signals,
  jsonSchema: { enum: [...NAMES, ...NAMES.map((name) => name.slice(3))] },
  read: (value, scope) =>
    signals.read(typeof value === "string" && !value.startsWith("SIG") ? `SIG${value}` : value, scope),
};
