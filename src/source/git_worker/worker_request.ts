/** What the daemon and its git process say to each other: one request as a line, answers as lines. */
import type { Failure } from "../../failure.ts";
import type { Ref } from "../../model/git_ref.ts";
import type { Access } from "../remote/connect.ts";

/** Another repository, or one on this device, which is read where it lies. */
export type WorkerRemote =
  | { type: "remote"; access: Access }
  /** `id` is the commit that its ref is at. */
  | { type: "local"; url: string; gitdir: string; id: string };

export type WorkerRequest =
  /** Brings the revision of `ref` into the empty folder `dir`, whole and checked. */
  | {
    op: "fetch";
    origin: WorkerRemote;
    ref: Ref;
    path: string;
    dir: string;
    budgetBytes: number;
    /** What is left free on the file system of `dir`. */
    reserveBytes: number;
    silenceMs: number;
  }
  /** Whether `tip` is `ancestor` or came after it. Works in the empty folder `dir`. */
  | {
    op: "descends";
    origin: WorkerRemote;
    tip: string;
    ancestor: string;
    dir: string;
    budgetBytes: number;
    /** What is left free on the file system of `dir`. */
    reserveBytes: number;
    silenceMs: number;
  }
  /** The commit that `id` of a repository on this device leads to. */
  | { op: "peel"; gitdir: string; id: string };

export type WorkerAnswer =
  | { type: "progress"; message: string }
  /** The commit id that was brought, or "true" and "false". */
  | { type: "done"; result: string }
  | { type: "failure"; message: string; detail: FailureFields; id: string | null };

export type FailureFields = Pick<Failure, "kind" | "reason"> & { hint?: string; retryAfterMs?: number };
