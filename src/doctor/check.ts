/** What a check is: a look at the machine, which may fail, and a judgement of what was seen, which cannot. */
import type { Clock } from "../clock.ts";
import type { Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Settings } from "../settings/settings.ts";
import type { Finding } from "./finding.ts";

/** What checks are about. */
export type Group = "settings" | "repository" | "machine" | "storage" | "docker" | "service" | "daemon";

/** All that is known before the first look. */
export interface DoctorContext {
  /** Null where they are missing, unreadable or wrong: `problems` says why. */
  settings: Settings | null;
  problems: readonly Problem[];
  /** What the running daemon says; null where none answers this user: `silence` says why, unless there are no settings. */
  snapshot: Snapshot | null;
  silence: { message: string; hint: string; denied: boolean } | null;
  /** Of the machine's own files; another folder than "/" for a machine that is not this one. */
  root: string;
  isRoot: boolean;
  env: Readonly<Record<string, string>>;
  clock: Clock;
}

type Needed = "settings" | "snapshot";

export type Known<Needs extends Needed> = DoctorContext & { [Key in Needs]: NonNullable<DoctorContext[Key]> };

export interface Check<Facts = unknown, Needs extends Needed = never> {
  group: Group;
  /** One or two words, of no other check. */
  name: string;
  /** It is skipped, with a word why, where one of these is not known. */
  needs?: readonly Needs[];
  /** A problem of it is shown before all others: it is why they are there. */
  isFirst?: true;
  /** What a look that takes too long means; where it is absent, that it took too long. */
  whenLate?: Finding;
  /** What is so now. Changes nothing but what it removes again; ends soon after `signal` aborts. */
  gather(situation: Known<Needs>, signal: AbortSignal): Promise<Facts>;
  /** At least one finding, most important first. Looks at nothing but the facts. */
  evaluate(facts: Facts): Finding[];
}
