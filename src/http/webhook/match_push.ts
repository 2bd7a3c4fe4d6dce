/** [pure] What a delivery says was pushed, in the words of each forge; it decides no more than whether to look. */
import { repositoryAddress, repositoryNames } from "../../model/repository_address.ts";
import type { Ref } from "../../model/git_ref.ts";
import { printable } from "./forge.ts";
import { quoted } from "../../model/escape.ts";

interface Change {
  type: "branch" | "tag";
  name: string;
  deleted: boolean;
}

type Payload = Record<string, unknown>;

/** Of a forge's events, those that something was pushed by. */
const PUSHES = new Set([
  "push",
  "create",
  "delete",
  "Push Hook",
  "Tag Push Hook",
  "System Hook",
  "repo:push",
  "repo:refs_changed",
  "mirror:repo_synchronized",
  "git.push",
  "call",
  "message",
  "unknown",
]);

export interface PushQuery {
  event: string;
  payload: Payload;
  followed: Ref;
  /** Of this device. */
  repositoryUrl: string;
}

/** Why this is no reason to look at the repository; null when it is one. What says nothing of refs always is. */
export function ignoreReason({ event, payload, followed, repositoryUrl }: PushQuery): string | null {
  if (!PUSHES.has(event)) return `the event ${quotedName(event)} is no push`;
  const named = repositoriesIn(payload);
  if (named.length > 0 && !named.some((name) => isSame(name, repositoryUrl))) {
    return `the repository ${quotedName(named[0]!)} is not the one of this device`;
  }
  const changes = changesIn(payload, event);
  if (changes.length === 0) return null;
  if (followed.type === "commit") return `the commit ${quotedName(followed.name)} is followed, which no push changes`;
  const types = followed.type === "name" ? ["branch", "tag"] : [followed.type];
  const own = changes.filter(({ type, name }) => types.includes(type) && name === followed.name);
  if (own.some((one) => !one.deleted)) return null;
  const what = `the ${types.join(" or ")} ${quotedName(followed.name)}`;
  if (own.length > 0) return `${what} was deleted; what runs stays`;
  const pushed = [...new Set(changes.map(({ type, name }) => `the ${type} ${quotedName(name)}`))];
  const more = pushed.length > 3 ? ` and ${pushed.length - 3} more` : "";
  return `${pushed.slice(0, 3).join(", ")}${more} ${pushed.length > 1 ? "are" : "is"} not followed, ${what} is`;
}

function changesIn(payload: Payload, event: string): Change[] {
  const { ref, ref_type, after } = payload;
  if (typeof ref === "string") {
    const deleted = payload.deleted === true || isZero(after) || event === "delete";
    return [change(ref, { tag: ref_type === "tag", deleted })];
  }
  // Bitbucket Cloud: what is deleted has no `new`.
  const cloud = list(table(payload.push).changes).map(table).flatMap((one) => {
    const { type, name } = table(one.new ?? one.old);
    if (typeof name !== "string") return [];
    return [change(name, { tag: type === "tag" || type === "annotated_tag", deleted: one.new === null })];
  });
  // Bitbucket Server.
  const server = list(payload.changes).map(table).flatMap((one) => {
    const id = table(one.ref).id;
    return typeof id === "string" ? [change(id, { tag: false, deleted: one.type === "DELETE" })] : [];
  });
  const azure = list(table(payload.resource).refUpdates).map(table).flatMap(({ name, newObjectId }) =>
    typeof name === "string" ? [change(name, { tag: false, deleted: isZero(newObjectId) })] : []
  );
  return [...cloud, ...server, ...azure];
}

function change(ref: string, { tag, deleted }: { tag: boolean; deleted: boolean }): Change {
  const name = ref.replace(/^refs\/(heads|tags)\//, "");
  return { type: tag || ref.startsWith("refs/tags/") ? "tag" : "branch", name, deleted };
}

function isZero(id: unknown): boolean {
  return typeof id === "string" && /^0{40,64}$/.test(id);
}

/** Everything that the payload calls its repository by: one of it has to be ours. */
function repositoriesIn(payload: Payload): string[] {
  const [repository, project] = [table(payload.repository), table(payload.project)];
  const { key } = table(repository.project);
  const names = [
    repository.full_name,
    repository.clone_url,
    repository.ssh_url,
    project.path_with_namespace,
    project.git_http_url,
    project.git_ssh_url,
    typeof key === "string" && typeof repository.slug === "string" && typeof repository.full_name !== "string"
      ? `${key}/${repository.slug}`
      : undefined,
    table(table(payload.resource).repository).remoteUrl,
  ];
  return names.filter((name) => typeof name === "string" && name !== "") as string[];
}

/** Compares owner and name: behind a proxy a URL has more or fewer names before them. */
function isSame(named: string, repositoryUrl: string): boolean {
  const ours = repositoryAddress(repositoryUrl);
  // What lies on this device is a copy, of whatever name.
  if (ours === null) return true;
  const theirs = repositoryNames((repositoryAddress(named)?.path ?? named).replace(/\.git$/, "")).slice(-2);
  const own = repositoryNames(ours.path).slice(-2);
  const compared = Math.min(own.length, theirs.length);
  return compared === 0 || own.slice(-compared).join("/") === theirs.slice(-compared).join("/");
}

function table(value: unknown): Payload {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value as Payload : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function quotedName(text: string): string {
  return quoted(printable(text, 80));
}
