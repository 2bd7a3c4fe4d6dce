/**
 * The process in which git happens: reads one request from its stdin, writes answers to its stdout, and ends. It holds
 * the only use of a git library, so that neither its memory nor its faults are the daemon's. It ends with the daemon,
 * whose end of stdin is open for as long as it lives.
 */
import { Failure } from "../../failure.ts";
import { toFailure } from "../to_failure.ts";
import { isAncestor } from "./is_ancestor.ts";
import { fetchRevision } from "./fetch_revision.ts";
import { readCommit } from "./git_tree.ts";
import type { WorkerAnswer, WorkerRequest } from "./worker_request.ts";

const MAX_REQUEST_BYTES = 1024 * 1024;

/** Never returns. */
export async function runWorkerProgram(): Promise<never> {
  const reader = Deno.stdin.readable.getReader();
  const request = JSON.parse(await firstLine(reader)) as WorkerRequest;
  const daemonEnded = reader.read();
  daemonEnded.then(() => Deno.exit(1), () => Deno.exit(1));
  let id: string | null = null;
  let said = "";
  const child = {
    progress: (message: string) => {
      if (message !== said) answer({ type: "progress", message: said = message });
    },
    // Whatever takes too long is ended from outside.
    signal: new AbortController().signal,
    learned: (learned: string) => id = learned,
  };
  try {
    answer({ type: "done", result: await carryOut(request, child) });
  } catch (error) {
    answer(failureAnswer(error, { request, id }));
  }
  Deno.exit(0);
}

async function carryOut(request: WorkerRequest, child: Parameters<typeof fetchRevision>[1]): Promise<string> {
  switch (request.op) {
    case "fetch":
      return await fetchRevision(request, child);
    case "descends":
      return String(await isAncestor(request, child));
    case "peel":
      return (await readCommit({ gitdir: request.gitdir, url: request.gitdir, cache: {} }, request.id)).id;
  }
}

function failureAnswer(error: unknown, { request, id }: { request: WorkerRequest; id: string | null }): WorkerAnswer {
  const failure = error instanceof Failure ? error : toFailure(error, describe(request));
  const { message, kind, reason, hint, retryAfterMs } = failure;
  const detail = {
    kind,
    reason,
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return { type: "failure", message, detail, id };
}

function describe(request: WorkerRequest): { url: string; secret: string | null } {
  if (request.op === "peel") return { url: request.gitdir, secret: null };
  const { origin } = request;
  if (origin.type === "local") return { url: origin.url, secret: null };
  const secret = origin.access.type === "http" ? origin.access.credentials?.token ?? null : null;
  return { url: origin.access.url, secret };
}

async function firstLine(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done || text.length > MAX_REQUEST_BYTES) Deno.exit(1);
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

/** Whole before the next one begins. */
function answer(line: WorkerAnswer): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
