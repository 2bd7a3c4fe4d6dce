/** Values that are to be found nowhere but where they were sent. */

export interface Planted {
  value: string;
  /** In every form in which somebody might write it down. */
  forms: string[];
}

export function plant(): Planted {
  const value = `planted-${crypto.randomUUID()}`;
  const bytes = new TextEncoder().encode(value);
  // Base64 of a longer text that begins elsewhere looks different: what is in the middle is the same for each shift.
  const shifted = [0, 1, 2].map((shift) => {
    const before = new Uint8Array(shift);
    return new Uint8Array([...before, ...bytes]).toBase64().slice(4, 40);
  });
  return { value, forms: [value, bytes.toHex(), ...shifted] };
}

/** Where one of them was found, and never it itself. */
export function findPlanted(planted: readonly Planted[], texts: Iterable<[where: string, text: string]>): string[] {
  return [...texts].flatMap(([where, text]) =>
    planted.flatMap(({ forms }, index) => forms.some((form) => text.includes(form)) ? `${where}: secret ${index}` : [])
  );
}

/** All files below a folder, read byte by byte, but for those that `skip` names by the beginning of their path. */
export async function textsBelow(root: string, skip: readonly string[] = []): Promise<[string, string][]> {
  const texts: [string, string][] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(root)) {
    const path = `${root}/${name}`;
    if (skip.some((one) => path === one || path.startsWith(`${one}/`))) continue;
    if (isDirectory) texts.push(...await textsBelow(path, skip));
    else if (isFile) {
      texts.push([
        path,
        new TextDecoder("latin1").decode(await Deno.readFile(path).catch(() => new Uint8Array())),
      ]);
    }
  }
  return texts;
}
