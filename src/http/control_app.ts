/** The control socket's routes: what the command line may ask of the daemon. */
import { Hono } from "hono";
import { Failure } from "../failure.ts";
import type { Problem } from "../model/problem.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { rangeOf, type ReadLogs } from "./log_response.ts";
import { failure } from "./problem_response.ts";
import { jsonLines } from "./event_stream.ts";

/** How a look at the repository, and with `wait` what followed from it, ended. */
export interface SyncOutcome {
  ok: boolean;
  revision: string | null;
  message: string;
  hint: string | null;
}

/** What becomes of a wish that the settings be read again. */
export type ReloadAnswer =
  | { type: "problems"; problems: Problem[] }
  | { type: "unchanged" }
  /** The daemon begins anew with what has changed; how that ends is asked for by the number. */
  | { type: "began"; number: number; changed: string[] };

/** `failed`: the settings before are in force again. */
export type ReloadEnd = { type: "done" } | { type: "failed"; message: string; hint: string | null };

export interface LongOperation {
  progress(message: string): void;
  signal: AbortSignal;
}

export interface ControlDeps {
  snapshot(): Snapshot;
  logs: ReadLogs;
  sync(options: LongOperation & { wait: boolean; force: boolean }): Promise<SyncOutcome>;
  plan(): Promise<unknown>;
  restart(name: string): void;
  /** Resolves with what follows, in a sentence. `to` is a fingerprint or its first digits; null: the version before. */
  rollBack(options: { name: string; to: string | null }): Promise<string>;
  /** Resolve with what follows, in a sentence. */
  override(request: { name: string; action: "suspend" | "stop" | "start"; forMs: number | null }): Promise<string>;
  resume(name: string): Promise<string>;
  /** `revision`: the first digits of the only revision whose removal is confirmed; null for any. */
  confirmPrune(revision: string | null): string[];
  /** Of a revision that waits, its first digits; null: the one that does. Resolves with what follows, in a sentence. */
  accept(revision: string | null): Promise<string>;
  /** A test message to each target; `error` is null where it was told. */
  tryNotify(): Promise<{ name: string; error: string | null }[]>;
  /** Reads the settings again. Throws a `Failure` for those that cannot take effect. */
  reload(): Promise<ReloadAnswer>;
  /** Null while it is under way. */
  reloadEnd(number: number): ReloadEnd | null;
  /** Names of what was stopped. */
  down(options: LongOperation): Promise<string[]>;
}

export function createControlApp(deps: ControlDeps): Hono {
  const app = new Hono();
  app.onError((error, context) => failure(context, error));
  app.get("/status", (context) => context.json(deps.snapshot()));
  app.get("/plan", async (context) => context.json(await deps.plan() as object));
  app.post("/sync", async (context) => {
    const { wait, force = false } = await context.req.json<{ wait: boolean; force?: boolean }>();
    // One look is over soon, whoever still waits for its answer.
    const quiet = { progress() {}, signal: AbortSignal.any([]) };
    if (!wait) return context.json(await deps.sync({ wait, force, ...quiet }));
    return jsonLines(async (send, signal) => {
      const done = await deps.sync({ wait, force, progress: (message) => send({ progress: message }), signal });
      send({ done });
    });
  });
  app.post("/workloads/:name/restart", async (context) => {
    deps.restart(context.req.param("name"));
    return context.json({ ok: true });
  });
  app.post("/workloads/:name/rollback", async (context) => {
    const { to } = await context.req.json<{ to: string | null }>();
    return context.json({ message: await deps.rollBack({ name: context.req.param("name"), to }) });
  });
  for (const action of ["suspend", "stop", "start"] as const) {
    app.post(`/workloads/:name/${action}`, async (context) => {
      const { for_ms: forMs } = await context.req.json<{ for_ms: number | null }>();
      return context.json({ message: await deps.override({ name: context.req.param("name"), action, forMs }) });
    });
  }
  app.post("/workloads/:name/resume", async (context) => {
    return context.json({ message: await deps.resume(context.req.param("name")) });
  });
  app.get("/workloads/:name/logs", (context) => {
    const name = context.req.param("name");
    const range = rangeOf(context);
    if (typeof range === "string") throw new Failure(range, { kind: "mistake", reason: "internal_error" });
    const follow = context.req.query("follow") !== undefined;
    deps.logs(name, { tail: 0, follow: false });
    return jsonLines(async (send, signal) => {
      for await (const line of deps.logs(name, { ...range, follow, signal })) await send(line);
    });
  });
  app.post("/notify/test", async (context) => context.json({ targets: await deps.tryNotify() }));
  app.post("/prune/confirm", async (context) => {
    const { revision } = await context.req.json<{ revision: string | null }>();
    return context.json({ names: deps.confirmPrune(revision) });
  });
  app.post("/accept", async (context) => {
    const { revision } = await context.req.json<{ revision: string | null }>();
    return context.json({ message: await deps.accept(revision) });
  });
  app.post("/reload", async (context) => context.json(await deps.reload()));
  app.get("/reload/:number{[0-9]+}", (context) => {
    return context.json({ end: deps.reloadEnd(Number(context.req.param("number"))) });
  });
  app.post("/down", () =>
    jsonLines(async (send, signal) => {
      const names = await deps.down({ progress: (message) => send({ progress: message }), signal });
      send({ done: { names } });
    }));
  return app;
}
