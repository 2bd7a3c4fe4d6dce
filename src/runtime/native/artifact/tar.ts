/** The entries of a tar.gz, read as a stream. */
import { createTarDecoder } from "modern-tar";
import type { TarHeader } from "modern-tar";
import type { ArchiveEntry, ArchiveOptions } from "./archive_entry.ts";

/** Throws when the archive is damaged, cut, or unpacks to more than `maxBytes`; the file is closed when it ends. */
export async function* tarEntries(path: string, { maxBytes, signal }: ArchiveOptions): AsyncGenerator<ArchiveEntry> {
  const file = await Deno.open(path);
  const gunzip = new DecompressionStream("gzip");
  const bounded = bound(maxBytes);
  const decoder = createTarDecoder({ strict: true });
  const ended = new AbortController();
  const through = { signal: AbortSignal.any([signal, ended.signal]) };
  const pipes = [
    file.readable.pipeTo(gunzip.writable as WritableStream<Uint8Array>, through),
    gunzip.readable.pipeTo(bounded.writable, through),
    bounded.readable.pipeTo(decoder.writable, through),
  ];
  // Of the same failure each says it, and the reader below is the one that listens.
  for (const pipe of pipes) pipe.catch(() => {});
  try {
    for await (const { header, body } of decoder.readable) {
      yield entryOf(header, body);
      // What nobody wanted is passed over.
      await body.cancel().catch(() => {});
    }
  } finally {
    ended.abort();
    await Promise.allSettled(pipes);
  }
}

function entryOf(header: TarHeader, body: ReadableStream<Uint8Array>): ArchiveEntry {
  const { name: path, size, mode = 0, linkname = "", type = "file" } = header;
  switch (type) {
    case "file":
      return { type, path, size, executable: (mode & 0o111) !== 0, body: () => Promise.resolve(body) };
    case "directory":
      return { type: "folder", path };
    case "symlink":
      return { type, path, target: linkname };
    case "link":
      return { type: "hardlink", path, target: linkname };
    default:
      return { type: "other", path, what: type };
  }
}

/** Headers and what is passed over cost time too, so everything counts. */
function bound(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Error(`it unpacks to more than ${maxBytes / 1024 ** 2} MiB`);
      controller.enqueue(chunk);
    },
  });
}
