/**
 * For each field of a spec, whether the owner of the device has a word in it. Every field is in one of the tables: one
 * that is added without a decision does not compile.
 */
import type { DockerWorkload, NativeWorkload, Workload } from "../workload.ts";
import type { Policy } from "./policy.ts";
import type { Denial } from "./denial.ts";

/** Why nobody is asked, since it stays within the workload; or what is refused of it. */
export type FieldRule<W> = string | ((spec: W, policy: Policy) => Denial[]);

/** What both runtimes know. */
export type CommonField = keyof NativeWorkload & keyof DockerWorkload;

export type CommonRules = { readonly [Field in CommonField]: FieldRule<Workload> };
export type NativeRules = {
  readonly [Field in Exclude<keyof NativeWorkload, CommonField>]: FieldRule<NativeWorkload>;
};
export type DockerRules = {
  readonly [Field in Exclude<keyof DockerWorkload, CommonField>]: FieldRule<DockerWorkload>;
};
