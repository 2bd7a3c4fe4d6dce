/** [pure] Who sent a delivery: a label for the reader, never a reason to trust it. */
import { oneLine } from "../../model/escape.ts";

type Header = (name: string) => string | undefined;

export interface DetectedForge {
  /** "github", "gitlab", ...; "generic" for everybody else. */
  forge: string;
  event: string;
  /** The forge's own id of the delivery; null where it has none. */
  id: string | null;
  /** What is the same in every repetition of this delivery, and in no other one; null where nothing is. */
  once: string | null;
}

interface Mark {
  forge: string;
  /** There whenever that forge sends. */
  event: string;
  id: string[];
  /** Of `id`, those that only repetitions share. */
  once: string[];
}

const own = (forge: string): Mark => {
  const id = [`x-${forge}-delivery`];
  return { forge, event: `x-${forge}-event`, id, once: id };
};

/** In this order: Forgejo sends the headers of Gitea, Gogs and GitHub as well, Gitea those of Gogs and GitHub. */
const MARKS: Mark[] = [
  own("forgejo"),
  own("gitea"),
  own("gogs"),
  {
    forge: "gitlab",
    event: "x-gitlab-event",
    id: ["webhook-id", "idempotency-key", "x-gitlab-event-uuid"],
    // A webhook that is caused by another one has its X-Gitlab-Event-UUID: https://docs.gitlab.com/user/project/integrations/webhooks/
    once: ["webhook-id", "idempotency-key"],
  },
  { forge: "bitbucket", event: "x-event-key", id: ["x-request-uuid", "x-request-id"], once: ["x-request-uuid"] },
  own("github"),
];

/** `payload` is null while nobody has proved that it is worth reading. */
export function detectForge(header: Header, payload: Record<string, unknown> | null): DetectedForge {
  const first = (names: string[]) =>
    names.map((name) => header(name)).find((value) => value !== undefined && value !== "") ?? null;
  const mark = MARKS.find(({ event }) => (header(event) ?? "") !== "");
  if (mark !== undefined) {
    const id = first(mark.id);
    const isServer = mark.forge === "bitbucket" && header("x-request-uuid") === undefined;
    const forge = isServer ? "bitbucket-server" : mark.forge;
    const once = isServer ? id : first(mark.once);
    return origin(forge, header(mark.event)!, { id, once });
  }
  if (payload?.publisherId === "tfs" && typeof payload.eventType === "string") {
    const id = typeof payload.id === "string" ? payload.id : null;
    return origin("azure-devops", payload.eventType, { id, once: id });
  }
  const id = first(["webhook-id"]);
  const event = header("authorization") === undefined ? "unknown" : "call";
  return id === null ? origin("generic", event, { id, once: null }) : origin("standard", "message", { id, once: id });
}

function origin(forge: string, event: string, { id, once }: { id: string | null; once: string | null }): DetectedForge {
  return {
    forge,
    event: printable(event, 40),
    id: id === null ? null : printable(id, 64),
    once: once === null ? null : `${forge} ${once.slice(0, 200)}`,
  };
}

/** What a stranger wrote, fit for a page and a terminal. */
export function printable(text: string, length: number): string {
  const plain = oneLine(text);
  return plain.length > length ? `${plain.slice(0, length - 3)}...` : plain;
}
