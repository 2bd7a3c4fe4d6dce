/** What can be wrong with a git server, as it looks on the wire. */

export type Fault =
  & {
    /** Only while the branch is looked up ("refs"), or only while objects are sent ("pack"). Both when absent. */
    at?: "refs" | "pack";
  }
  & (
    | { type: "status"; status: number; retryAfter?: string; body?: string }
    /** No answer at all, until the client gives up. */
    | { type: "hang" }
    /** Sends so much and then nothing more; the connection stays open. */
    | { type: "stall"; afterBytes: number }
    /** Breaks the connection after so much. */
    | { type: "cut"; afterBytes: number }
    /** Leaves off so much of the end, with a clean end of the answer. */
    | { type: "shorten"; bytes: number }
    /** Half of the pack in well-formed packets, then a clean end of the answer. */
    | { type: "truncate" }
    /** `to` in place of `from` at the beginning of the path; other paths are answered as usual. */
    | { type: "redirect"; to: string; from?: string; status?: number }
    /** A sign-in page with status 200. */
    | { type: "page" }
    /** Other bytes than were sent, with a clean end. */
    | { type: "change"; change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> }
  );

export function faultApplies(fault: Fault | null, body: Uint8Array): boolean {
  if (fault === null) return false;
  const isPack = new TextDecoder("latin1").decode(body).includes("want ");
  return fault.at === undefined || (fault.at === "pack") === isPack;
}

export function cutAfter(body: ReadableStream<Uint8Array>, bytes: number): ReadableStream<Uint8Array> {
  return limited(body, bytes, (controller) => controller.error(new Error("cut on purpose")));
}

export function stallAfter(
  body: ReadableStream<Uint8Array>,
  bytes: number,
  closed: AbortSignal,
): ReadableStream<Uint8Array> {
  return limited(body, bytes, (controller) => {
    return new Promise<void>((resolve) => {
      const end = () => {
        controller.error(new Error("stalled on purpose"));
        resolve();
      };
      if (closed.aborted) end();
      else closed.addEventListener("abort", end, { once: true });
    });
  });
}

function limited(
  body: ReadableStream<Uint8Array>,
  bytes: number,
  then: (controller: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let left = bytes;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (left > 0) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        controller.enqueue(value.subarray(0, left));
        left -= value.length;
        return;
      }
      await reader.cancel();
      await then(controller);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** The packets of an upload-pack answer, with the pack data in side band 1 cut in half and no flush at the end. */
export async function truncatePack(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const all = new Uint8Array(await response.arrayBuffer());
  const kept: Uint8Array[] = [];
  for (let at = 0; at < all.length;) {
    const length = Number.parseInt(new TextDecoder().decode(all.subarray(at, at + 4)), 16);
    const end = at + Math.max(length, 4);
    if (all[at + 4] === 1 && length > 5) {
      const half = all.subarray(at + 5, at + 5 + Math.floor((length - 5) / 2));
      const size = (half.length + 5).toString(16).padStart(4, "0");
      kept.push(new TextEncoder().encode(size), Uint8Array.of(1), half);
      break;
    }
    kept.push(all.subarray(at, end));
    at = end;
  }
  return new Uint8Array(await new Blob(kept as BlobPart[]).arrayBuffer());
}
