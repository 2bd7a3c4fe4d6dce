/** Objects by their ids: in packs that were just received, or in a repository on this device. */
import fs from "node:fs";
import git from "isomorphic-git";
import { Failure } from "../../failure.ts";
import { damaged } from "../git_failure.ts";
import { objectId, type Pack } from "./pack.ts";

export type ObjectType = "commit" | "tree" | "blob" | "tag";

export interface GitObject {
  type: ObjectType;
  data: Uint8Array;
}

export interface ObjectStore {
  /** For messages, clean. */
  url: string;
  /** Null when it is not there. What is there is what its id says. */
  read(id: string): Promise<GitObject | null>;
  /** What it means when something is not there that must be. */
  missing(what: string): Failure;
}

export class ReceivedObjects implements ObjectStore {
  readonly #packs: Pack[] = [];

  constructor(readonly url: string) {}

  add(pack: Pack): void {
    this.#packs.push(pack);
  }

  read(id: string): Promise<GitObject | null> {
    for (const pack of this.#packs) {
      const object = pack.read(id);
      if (object !== null) return Promise.resolve(object);
    }
    return Promise.resolve(null);
  }

  missing(what: string): Failure {
    return damaged(this.url, `${what} is missing`);
  }
}

/** A repository has objects in files of their own and in packs, indexed and chained in ways that a library knows. */
export class LocalObjects implements ObjectStore {
  /** Whole packs among it: for as long as the process lives, which is one request. */
  readonly #cache = {};

  constructor(readonly gitdir: string, readonly url: string) {}

  async read(id: string): Promise<GitObject | null> {
    try {
      const { gitdir } = this;
      const { object, type } = await git.readObject({ fs, gitdir, oid: id, format: "content", cache: this.#cache });
      const found = { type: type as ObjectType, data: object as Uint8Array };
      // Of packs the library believes that what their index names is what they hold.
      if (objectId(found) !== id) throw new RangeError(`object ${id} is not what its id says`);
      return found;
    } catch (error) {
      if (error instanceof git.Errors.NotFoundError) return null;
      throw error;
    }
  }

  /** Repacking removes and replaces files while they are read: tried again, not a mistake. */
  missing(what: string): Failure {
    return new Failure(`The repository "${this.url}" cannot be read: ${what} is missing`, {
      kind: "transient",
      reason: "repo_invalid",
      hint: 'run "git fsck" in it',
    });
  }
}
