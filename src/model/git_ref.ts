/** [pure] What is followed: a branch, a tag, or one commit for good. */

export type Ref =
  | { type: "branch"; name: string }
  | { type: "tag"; name: string }
  /** A branch, and where there is none of this name, a tag. */
  | { type: "name"; name: string }
  /** `name` has 40 hex digits. */
  | { type: "commit"; name: string };

/** As `[repo] ref` writes it. */
export function parseRef(text: string): Ref {
  if (/^[0-9a-f]{40}$/.test(text)) return { type: "commit", name: text };
  if (text.startsWith("refs/heads/")) return { type: "branch", name: text.slice("refs/heads/".length) };
  if (text.startsWith("refs/tags/")) return { type: "tag", name: text.slice("refs/tags/".length) };
  return { type: "name", name: text };
}

/** In one word, the same for no two refs that may mean different things. */
export function refText({ type, name }: Ref): string {
  return type === "tag" ? `refs/tags/${name}` : name;
}

/** Full names to look for, the first one that is there counts. None for a commit. */
export function fullNames({ type, name }: Ref): string[] {
  switch (type) {
    case "branch":
      return [`refs/heads/${name}`];
    case "tag":
      return [`refs/tags/${name}`];
    case "name":
      return [`refs/heads/${name}`, `refs/tags/${name}`];
    case "commit":
      return [];
  }
}

/** Shortens a commit id or a fingerprint to the seven characters that git prints. */
export function shortId(id: string): string {
  return id.slice(0, 7);
}
