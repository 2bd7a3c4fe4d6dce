/** [pure] Signals by their name, with or without SIG in front. */
import type { SignalName } from "../../model/workload.ts";
import { type Grammar, oneOf } from "../grammar.ts";

const signals = oneOf<SignalName>("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL");
const { enum: names } = signals.schema as { enum: string[] };

export const signalName: Grammar<SignalName> = {
  ...signals,
  schema: { enum: [...names, ...names.map((name) => name.slice(3))] },
  read: (value, place) =>
    signals.read(typeof value === "string" && !value.startsWith("SIG") ? `SIG${value}` : value, place),
};
