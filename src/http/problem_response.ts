/** Errors of the API, as RFC 9457 has them: one sentence for a person in `detail`. */
import type { Context } from "hono";
import { Failure } from "../failure.ts";

export function problem(context: Context, status: 400 | 404 | 405 | 500 | 503, detail: string): Response {
  const title =
    { 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 500: "Error", 503: "Unavailable" }[status];
  const body = JSON.stringify({ title, status, detail });
  return context.body(body, status, { "content-type": "application/problem+json" });
}

/** For the control socket: what the command line prints. */
export function failure(context: Context, error: unknown): Response {
  if (error instanceof Failure) {
    const { reason, message, hint } = error;
    const status = error.kind === "mistake" ? 404 : error.kind === "waiting" ? 409 : 503;
    return context.json({ error: { reason, message, hint: hint ?? null } }, status);
  }
  const message = error instanceof Error ? error.message : String(error);
  return context.json({ error: { reason: "internal_error", message, hint: null } }, 500);
}
