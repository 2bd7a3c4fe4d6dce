/**
 * For each field of a spec, whether the owner of the device has a word in it. Every field is in one of the tables: one
 * that is added without a decision does not compile.
 */
import type { DockerWorkload, NativeWorkload, Workload } from "../workload.ts";
import type { Policy } from "./policy.ts";
import type { Refusal } from "./refusal.ts";

/** Why nobody is asked, since it stays within the workload; or what is refused of it. */
export type Decision<W> = string | ((spec: W, policy: Policy) => Refusal[]);

/** What both runtimes know. */
export type CommonField = keyof NativeWorkload & keyof DockerWorkload;

export type CommonDecisions = { readonly [Field in CommonField]: Decision<Workload> };
export type NativeDecisions = {
  readonly [Field in Exclude<keyof NativeWorkload, CommonField>]: Decision<NativeWorkload>;
};
export type DockerDecisions = {
  readonly [Field in Exclude<keyof DockerWorkload, CommonField>]: Decision<DockerWorkload>;
};
