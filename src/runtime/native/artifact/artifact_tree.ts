/**
 * Writes what an archive holds into a folder of its own, and nothing anywhere else. Names are looked at before anything
 * is written; nothing is ever written through a link, since links are made last; and then each must lead to something
 * inside.
 */
import { dirname, join } from "node:path";
import type { DiskGuard } from "./artifact_disk_failure.ts";
import { CHECK_EVERY_BYTES, checkSpace } from "../../../os/disk_reserve.ts";
import type { ArchiveEntry } from "./archive_entry.ts";
import { MAX_ENTRIES } from "./artifact_limits.ts";

export interface TreeOptions {
  /** An empty folder, absolute and without links in its path. */
  root: string;
  /** Of all files together. */
  maxBytes: number;
  /** Leading folders that are left out; what lies in them directly is left out too. */
  stripComponents: number;
  guard: DiskGuard;
  signal: AbortSignal;
}

/** Throws an `Error` that says what is wrong with the archive; the folder is then to be thrown away. */
export async function writeTree(entries: AsyncIterable<ArchiveEntry>, options: TreeOptions): Promise<void> {
  const tree = new Tree(options);
  for await (const entry of entries) await tree.add(entry);
  await tree.finish();
}

class Tree {
  readonly #options: TreeOptions;
  /** By path below the root. */
  readonly #there = new Map<string, "folder" | "file" | "link">();
  readonly #links: { path: string; target: string }[] = [];
  #entries = 0;
  #bytes = 0;
  #unlooked = 0;

  constructor(options: TreeOptions) {
    this.#options = options;
  }

  async add(entry: ArchiveEntry): Promise<void> {
    this.#options.signal.throwIfAborted();
    if (++this.#entries > MAX_ENTRIES) throw new Error(`it has more than ${MAX_ENTRIES} entries`);
    if (entry.type === "other") throw new Error(`${quote(entry.path)} cannot be brought: ${entry.what}`);
    const path = this.#pathOf(entry.path);
    if (path === null) return;
    if (entry.type === "folder") return await this.#folder(path);
    await this.#folder(dirname(path));
    if (this.#there.has(path)) throw new Error(`${quote(path)} is in it twice`);
    switch (entry.type) {
      case "file":
        await this.#file(path, entry);
        this.#there.set(path, "file");
        break;
      case "hardlink":
        await this.#hardlink(path, entry.target);
        this.#there.set(path, "file");
        break;
      case "symlink":
        if (entry.target.startsWith("/")) throw new Error(`${quote(path)} is a link out of it`);
        this.#links.push({ path, target: entry.target });
        this.#there.set(path, "link");
    }
  }

  async finish(): Promise<void> {
    const { root } = this.#options;
    if (this.#there.size === 0) throw new Error("there is nothing in it");
    for (const { path, target } of this.#links) await Deno.symlink(target, join(root, path));
    // Only the kernel knows where links through links lead, so it is asked when all of them are there.
    for (const { path } of this.#links) {
      const real = await Deno.realPath(join(root, path)).catch(() => null);
      if (real === null) throw new Error(`${quote(path)} is a link to nothing`);
      if (real !== root && !real.startsWith(`${root}/`)) throw new Error(`${quote(path)} is a link out of it`);
    }
  }

  /** Below the root and without its leading folders; null for what lies above them. */
  #pathOf(name: string): string | null {
    const parts = name.split("/").filter((part) => part !== "" && part !== ".");
    if (name.startsWith("/") || parts.includes("..") || name.includes("\0")) {
      throw new Error(`${quote(name)} leaves its folder`);
    }
    return parts.slice(this.#options.stripComponents).join("/") || null;
  }

  async #folder(path: string): Promise<void> {
    if (path === "." || this.#there.get(path) === "folder") return;
    if (this.#there.has(path)) throw new Error(`${quote(path)} is a folder and something else`);
    await this.#folder(dirname(path));
    const whole = join(this.#options.root, path);
    await Deno.mkdir(whole);
    // Whatever the daemon's umask is, the service's user must be able to read it.
    await Deno.chmod(whole, 0o755);
    this.#there.set(path, "folder");
  }

  async #file(path: string, entry: ArchiveEntry & { type: "file" }): Promise<void> {
    this.#checkBytes(entry.size);
    const whole = join(this.#options.root, path);
    using file = await Deno.open(whole, { write: true, createNew: true, mode: 0o600 });
    for await (const chunk of await entry.body()) {
      this.#options.signal.throwIfAborted();
      this.#checkBytes(chunk.length);
      for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
      this.#bytes += chunk.length;
      await this.#checkDisk(chunk.length);
    }
    // Of the archive's mode this bit alone: no other user's set-user-id program comes over the network.
    await Deno.chmod(whole, entry.executable ? 0o555 : 0o444);
    await file.sync();
  }

  async #hardlink(path: string, name: string): Promise<void> {
    const target = this.#pathOf(name);
    if (target === null || this.#there.get(target) !== "file") throw new Error(`${quote(path)} is a link to nothing`);
    const { root } = this.#options;
    await Deno.link(join(root, target), join(root, path));
  }

  #checkBytes(more: number): void {
    const { maxBytes } = this.#options;
    if (this.#bytes + more > maxBytes) throw new Error(`it unpacks to more than ${maxBytes / 1024 ** 2} MiB`);
  }

  async #checkDisk(more: number): Promise<void> {
    this.#unlooked += more;
    if (this.#unlooked < CHECK_EVERY_BYTES) return;
    this.#unlooked = 0;
    await checkSpace(this.#options.guard, 0);
  }
}

/** Shortened, and without characters that could move a terminal's cursor. */
function quote(path: string): string {
  const plain = path.replace(/[\p{Cc}\p{Cf}]/gu, "?");
  return `"${plain.length > 60 ? `${plain.slice(0, 57)}...` : plain}"`;
}
