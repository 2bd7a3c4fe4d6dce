/** The project's own sources and who imports whom, read as text: the rules of tests/architecture_test.ts need no more. */
import { dirname, join, normalize } from "node:path";

const ROOT = new URL("../..", import.meta.url).pathname;

export interface SourceFile {
  /** From the project's root. */
  path: string;
  text: string;
  imports: Import[];
}

export interface Import {
  /** A path from the project's root, or the name of a package. */
  to: string;
  isPackage: boolean;
  typeOnly: boolean;
}

/** Every TypeScript file below the folders, in order of path. */
export async function sourceFiles(folders: string[]): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  for (const directory of folders) {
    for await (const entry of Deno.readDir(join(ROOT, directory))) {
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory) found.push(...await sourceFiles([path]));
      else if (/\.tsx?$/.test(entry.name)) {
        const text = await Deno.readTextFile(join(ROOT, path));
        found.push({ path, text, imports: importsOf(path, text) });
      }
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Imports and re-exports of every form, lazy ones included. Types alone count as `typeOnly`: they are gone at run time. */
export function importsOf(path: string, text: string): Import[] {
  const code = withoutComments(text);
  const statements = [...code.matchAll(/^(?:import|export)\s+(type\s+)?(?:([^;"]*?)\sfrom\s+)?"([^"]+)"/gm)]
    .map(([, type, names, target]) => ({
      target: target!,
      typeOnly: type !== undefined || /^\{(\s*type\s+\w+( as \w+)?\s*,?)+\s*\}$/.test((names ?? "").trim()),
    }));
  const lazy = [...code.matchAll(/\bimport\(\s*"([^"]+)"/g)].map(([, target]) => ({
    target: target!,
    typeOnly: false,
  }));
  return [...statements, ...lazy].map(({ target, typeOnly }) => {
    const isPackage = !target.startsWith(".");
    return { to: isPackage ? target : normalize(join(dirname(path), target)), isPackage, typeOnly };
  });
}

/** Good enough for rules: a comment that begins inside a string would hide the rest of it. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "").replace(/\s\/\/ .*$/gm, "");
}
