/** The page, the API and the webhook, as an app without a socket. Read-only: GET, HEAD, and one POST. */
import { type Context, Hono } from "hono";
import { etag } from "hono/etag";
import type { Snapshot } from "../model/snapshot.ts";
import type { UsageSeries } from "../model/usage.ts";
import { SCRIPT, STYLE } from "../../ui/assets.ts";
import { WorkloadPage } from "../../ui/workload_page.tsx";
import { ICON } from "../../ui/icon.ts";
import { OverviewPage } from "../../ui/overview_page.tsx";
import { LogAnswers, type ReadLogs } from "./log_response.ts";
import { problem } from "./problem_response.ts";
import { StatusEvents } from "./status_events.ts";
import { Webhook, type WebhookDeps } from "./webhook/webhook.ts";

export interface PageDeps {
  snapshot(): Snapshot;
  /** Calls back whenever the snapshot changed; returns how to stop that. */
  subscribe(listener: () => void): () => void;
  /** Of a workload that nothing is known of: without instances. */
  usage(name: string): UsageSeries;
  /** Throws `Failure` for a workload that is not there. */
  logs: ReadLogs;
  webhook: WebhookDeps;
  ready(): { ok: boolean; message: string };
}

/** No script and style but our own, no form, no frame, no request to anywhere else. */
const HEADERS: Record<string, string> = {
  "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " +
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};
const TAIL_ON_PAGE = 50;

export function createPageApp(deps: PageDeps): Hono {
  const app = new Hono();
  const events = new StatusEvents(deps);
  const logs = new LogAnswers(deps.logs);
  const webhook = new Webhook(deps.webhook);
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!context.res.headers.has(name)) context.res.headers.set(name, value);
    }
  });

  app.get("/", (context) => context.html(OverviewPage({ snapshot: deps.snapshot(), now: Date.now() })));
  app.get("/workloads/:name", async (context) => {
    const snapshot = deps.snapshot();
    const workload = snapshot.workloads.find((workloadStatus) => workloadStatus.name === context.req.param("name"));
    if (workload === undefined) return context.notFound();
    const lines = await lastLines(deps.logs, workload.name);
    return context.html(WorkloadPage({ snapshot, workload, usage: deps.usage(workload.name), lines, now: Date.now() }));
  });
  app.get("/api/v1/status", (context) => context.json(deps.snapshot()));
  app.get("/api/v1/workloads/:name", (context) => {
    const name = context.req.param("name");
    const workload = deps.snapshot().workloads.find((workloadStatus) => workloadStatus.name === name);
    if (workload === undefined) return problem(context, 404, `there is no workload "${name}" on this device`);
    return context.json(workload);
  });
  app.get("/api/v1/workloads/:name/usage", (context) => {
    const name = context.req.param("name");
    if (deps.snapshot().workloads.some((workload) => workload.name === name)) return context.json(deps.usage(name));
    return problem(context, 404, `there is no workload "${name}" on this device`);
  });
  app.get("/api/v1/workloads/:name/logs", (context) => logs.answer(context));
  app.get("/api/v1/events", (context) => events.open() ?? problem(context, 503, "too many readers of events"));
  app.get("/healthz", (context) => context.text("ok\n"));
  app.get("/readyz", (context) => {
    const { ok, message } = deps.ready();
    return context.text(`${message}\n`, ok ? 200 : 503);
  });
  app.post("/webhook", (context) => webhook.answer(context));

  app.use("/ui/*", etag());
  app.get("/ui/style.css", (context) => asset(context, STYLE, "text/css; charset=utf-8"));
  app.get("/ui/live.js", (context) => asset(context, SCRIPT, "text/javascript; charset=utf-8"));
  app.get("/favicon.svg", (context) => asset(context, ICON, "image/svg+xml"));

  app.notFound((context) => refuse(app, context));
  app.onError((_error, context) => problem(context, 500, "something unexpected happened; the daemon's log says what"));
  return app;
}

function asset(context: Context, text: string, type: string): Response {
  return context.body(text, 200, { "content-type": type, "cache-control": "no-cache" });
}

/** Tells a wrong method from a wrong path. */
function refuse(app: Hono, context: Context): Response {
  const path = context.req.path;
  const methods = app.routes.filter((route) => route.method !== "ALL" && matches(route.path, path))
    .flatMap((route) => route.method === "GET" ? ["GET", "HEAD"] : [route.method]);
  const asked = context.req.method;
  if (methods.length > 0 && !methods.includes(asked)) {
    const answer = problem(context, 405, `${asked} is not allowed here, ${methods.join(" and ")} is`);
    answer.headers.set("allow", methods.join(", "));
    return answer;
  }
  if (path.startsWith("/api/")) return problem(context, 404, `there is nothing at ${path}`);
  return context.text("There is nothing here. The page is at /\n", 404);
}

function matches(route: string, path: string): boolean {
  const [a, b] = [route.split("/"), path.split("/")];
  return a.length === b.length && a.every((part, index) => part.startsWith(":") || part === b[index]);
}

/** The page shows what it can: output that cannot be read is no reason to show nothing. */
async function lastLines(read: ReadLogs, name: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(read(name, { tail: TAIL_ON_PAGE, follow: false }))).map((line) => line.text);
  } catch {
    return [];
  }
}
