/** What several checks look at the machine with. Nothing here throws for what is not there. */
import { dirname, join } from "node:path";

/** Null for what is missing or cannot be read. */
export async function readText(path: string): Promise<string | null> {
  return await Deno.readTextFile(path).catch(() => null);
}

/** "permission denied", "not there": why a file cannot be read; null where it can. */
export async function readError(path: string): Promise<string | null> {
  try {
    (await Deno.open(path)).close();
    return null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "is not there";
    return error instanceof Deno.errors.PermissionDenied ? "may not be read by this user" : "cannot be read";
  }
}

export interface ToolOutput {
  code: number;
  out: string;
  err: string;
}

/** What a program says, without any input; null where there is no such program. */
export async function runTool(program: string, args: string[], signal: AbortSignal): Promise<ToolOutput | null> {
  try {
    const env = { LC_ALL: "C" };
    const command = new Deno.Command(program, { args, env, signal, stdin: "null", stdout: "piped", stderr: "piped" });
    const { code, stdout, stderr } = await command.output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
    return { code, out: out!, err: err! };
  } catch {
    return null;
  }
}

export interface Mount {
  path: string;
  /** "ext4" */
  kind: string;
  isReadOnly: boolean;
  /** "/dev/mmcblk0p2" */
  device: string;
}

/** The mount that holds the path, which need not be there (proc_pid_mountinfo(5)). */
export async function findMount(path: string): Promise<Mount | null> {
  const real = await realPath(path);
  const holds = (mount: string) => mount === "/" || real === mount || real.startsWith(`${mount}/`);
  const all = parseMounts(await readText("/proc/self/mountinfo") ?? "").filter((mount) => holds(mount.path));
  // Of two at the same place the later one covers the other.
  return all.reduce<Mount | null>(
    (best, mount) => best === null || mount.path.length >= best.path.length ? mount : best,
    null,
  );
}

export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , , path, options] = before.split(" ");
    const [kind, device = "", superOptions = ""] = after.split(" ");
    if (path === undefined || options === undefined || kind === undefined) return [];
    const isReadOnly = [options, superOptions].some((one) => one.split(",").includes("ro"));
    return [{ path: unescaped(path), kind, device: unescaped(device), isReadOnly }];
  });
}

/** Of what is not there, as far as it is. */
async function realPath(path: string): Promise<string> {
  const real = await Deno.realPath(path).catch(() => null);
  if (real !== null || dirname(path) === path) return real ?? path;
  return join(await realPath(dirname(path)), path.slice(dirname(path).length));
}

function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}
