/** A folder of texts as one .tar.gz. */
import { packTar } from "modern-tar";

export interface Entry {
  /** Relative, with "/" between names. */
  name: string;
  text: string;
}

/** All below `folder`, dated `at`, in milliseconds since 1970. */
export async function archive(
  entries: readonly Entry[],
  { directory, at }: { directory: string; at: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const tar = await packTar(entries.map(({ name, text }) => {
    const body = new TextEncoder().encode(text);
    return { header: { name: `${directory}/${name}`, size: body.length, mode: 0o600, mtime: new Date(at) }, body };
  }));
  const zipped = new Blob([tar]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(zipped).arrayBuffer());
}
