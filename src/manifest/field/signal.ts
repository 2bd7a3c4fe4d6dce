/** [pure] Signals by their name, with or without SIG in front. */
import type { SignalName } from "../../model/workload.ts";
import { oneOf, type Schema } from "../../schema/schema.ts";

const signals = oneOf<SignalName>("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL");
const { enum: names } = signals.jsonSchema as { enum: string[] };

export const signalName: Schema<SignalName> = {
  ...signals,
  jsonSchema: { enum: [...names, ...names.map((name) => name.slice(3))] },
  read: (value, scope) =>
    signals.read(typeof value === "string" && !value.startsWith("SIG") ? `SIG${value}` : value, scope),
};
