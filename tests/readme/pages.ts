/** The pages whose blocks are run, and which sections of them have blocks to run. */
import { type Block, blocksOf } from "./markdown.ts";

const ROOT = new URL("../../", import.meta.url);

/**
 * Every section with blocks that are not TOML, by their languages in order. A block that is not here fails the tests, and
 * so does one that is here and that no test takes: it is typed, or compared with what is printed.
 */
export const TYPED: Record<string, Record<string, readonly string[]>> = {
  "README.md": {
    "Try it": ["sh", "text", "sh", "text"],
    "Two manifests": ["sh", "text"],
    "Install": ["sh", "sh", "sh", "text"],
    "When something is wrong": ["sh", "text"],
    "More than one device": ["sh", "text"],
    "Over HTTP": ["sh"],
  },
  "examples/README.md": {
    "Secrets": ["sh"],
  },
};

export type Page = keyof typeof TYPED;

export const PAGES = Object.fromEntries(
  await Promise.all(Object.keys(TYPED).map(async (page) => [page, await Deno.readTextFile(new URL(page, ROOT))])),
) as Record<Page, string>;

/** The blocks of a section, as `TYPED` has them. */
export function typedBlocks(page: Page, heading: string): Block[] {
  return blocksOf(PAGES[page]!).filter((block) => block.heading === heading && block.language !== "toml");
}

/** A file that a block of TOML is: its first line names it. */
export interface Example {
  path: string;
  text: string;
}

export function examplesOf(page: Page): Example[] {
  return blocksOf(PAGES[page]!).filter(({ language }) => language === "toml").map(({ text, line }) => {
    const [, path, rest] = /^# (\S+)\n([^]*)$/.exec(text) ?? [];
    if (path === undefined) throw new Error(`${page}:${line}: the first line of a block of TOML names its file`);
    return { path, text: rest! };
  });
}
