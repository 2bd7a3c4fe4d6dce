/** Requests as forges send them: headers and the parts of bodies that their documentation names. */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { standardSignature } from "../../../src/standard_webhooks.ts";

export interface Delivered {
  forge: string;
  headers: Record<string, string>;
  body: string;
}

interface Options {
  secret: string;
  /** "refs/heads/main" */
  ref?: string;
  deleted?: boolean;
  /** "owner/name" */
  repository?: string;
  /** Of this delivery. */
  id?: string;
  /** Milliseconds since 1970. */
  now?: number;
}

const ZERO = "0".repeat(40);
const OLD = "28e1879d029cb852e4844d9c718537df08844e03";
const NEW = "bffeb74224043ba2feb48d137756c8a9331c449a";
const JSON_TYPE = "application/json";

const hex = (secret: string, body: string, algorithm = "sha256") =>
  createHmac(algorithm, secret).update(body).digest("hex");

/** Each forge's push; the names are those of the list of deliveries. */
export const FORGES: Record<string, (options: Options) => Delivered> = {
  "github": (options) => {
    const body = JSON.stringify(gitHubLike(options, "https://github.com"));
    return { forge: "github", headers: { ...gitHub(options, body), "content-type": JSON_TYPE }, body };
  },
  "github, form-encoded": (options) => {
    const body = `payload=${encodeURIComponent(JSON.stringify(gitHubLike(options, "https://github.com")))}`;
    const type = "application/x-www-form-urlencoded";
    return { forge: "github", headers: { ...gitHub(options, body), "content-type": type }, body };
  },
  "gitlab, secret token": (options) => {
    const headers = { ...gitLab(options), "x-gitlab-token": options.secret };
    return { forge: "gitlab", headers, body: JSON.stringify(gitLabPush(options)) };
  },
  "gitlab, signing token": (options) => {
    const body = JSON.stringify(gitLabPush(options));
    const signed = standard(options, body);
    return { forge: "gitlab", headers: { ...gitLab(options), ...signed }, body };
  },
  "gitea": (options) => {
    const body = JSON.stringify(gitHubLike(options, "https://git.example.org"), null, 2);
    return { forge: "gitea", headers: { "content-type": JSON_TYPE, ...gitea(options, body) }, body };
  },
  "forgejo": (options) => {
    const body = JSON.stringify(gitHubLike(options, "https://git.example.org"), null, 2);
    const own = {
      "x-forgejo-delivery": options.id ?? "f6266f16",
      "x-forgejo-event": "push",
      "x-forgejo-event-type": "push",
      "x-forgejo-signature": hex(options.secret, body),
    };
    return { forge: "forgejo", headers: { "content-type": JSON_TYPE, ...gitea(options, body), ...own }, body };
  },
  "gogs": (options) => {
    const body = JSON.stringify(gitHubLike(options, "https://git.example.org"), null, 2);
    const headers = {
      "content-type": JSON_TYPE,
      "user-agent": "GogsServer",
      "x-gogs-delivery": options.id ?? "5bb2b1ae",
      "x-gogs-event": "push",
      "x-gogs-signature": hex(options.secret, body),
    };
    return { forge: "gogs", headers, body };
  },
  "bitbucket": (options) => {
    const { type, name } = branchOrTag(options);
    const target = (hash: string) => ({ type, name, target: { type: "commit", hash } });
    const { repository = "home/fleet", deleted = false } = options;
    const change = {
      old: target(OLD),
      new: deleted ? null : target(NEW),
      created: false,
      closed: deleted,
      forced: false,
      commits: [],
    };
    const body = JSON.stringify({
      actor: { type: "user", display_name: "Somebody" },
      repository: { type: "repository", full_name: repository, name: repository.split("/")[1], scm: "git" },
      push: { changes: [change] },
    });
    const headers = {
      "content-type": JSON_TYPE,
      "user-agent": "Bitbucket-Webhooks/2.0",
      "x-event-key": "repo:push",
      "x-hook-uuid": "4d5c6a7e",
      "x-request-uuid": options.id ?? "0a1b2c3d",
      "x-attempt-number": "1",
      "x-hub-signature": `sha256=${hex(options.secret, body)}`,
    };
    return { forge: "bitbucket", headers, body };
  },
  "bitbucket-server": (options) => {
    const body = JSON.stringify(bitbucketServerPush(options));
    const headers = {
      ...bitbucketServer(options),
      "x-hub-signature": `sha256=${hex(options.secret, body)}`,
    };
    return { forge: "bitbucket-server", headers, body };
  },
  "bitbucket-server, basic auth": (options) => {
    const headers = { ...bitbucketServer(options), authorization: basic(options) };
    return { forge: "bitbucket-server", headers, body: JSON.stringify(bitbucketServerPush(options)) };
  },
  "azure-devops": (options) => {
    const { ref = "refs/heads/main", deleted = false, repository = "home/fleet", id = "03c164c2" } = options;
    const body = JSON.stringify({
      subscriptionId: "6d3f5e2a",
      notificationId: 3,
      id,
      eventType: "git.push",
      publisherId: "tfs",
      resource: {
        refUpdates: [{ name: ref, oldObjectId: OLD, newObjectId: deleted ? ZERO : NEW }],
        repository: { name: "fleet", remoteUrl: `https://dev.azure.com/${repository.replace("/", "/_git/")}` },
      },
    });
    const headers = { "content-type": "application/json; charset=utf-8", authorization: basic(options) };
    return { forge: "azure-devops", headers, body };
  },
  "generic, X-Signature with SHA-512": (options) => {
    const body = JSON.stringify(gitHubLike(options, "https://git.example.org"));
    return { forge: "generic", headers: { "x-signature": `sha512=${hex(options.secret, body, "sha512")}` }, body };
  },
  "generic, bearer": (options) => {
    const body = JSON.stringify(gitHubLike(options, "https://git.example.org"));
    return { forge: "generic", headers: { authorization: `Bearer ${options.secret}` }, body };
  },
  "standard": (options) => {
    const body = JSON.stringify(gitHubLike(options, "https://git.example.org"));
    return { forge: "standard", headers: { "content-type": JSON_TYPE, ...standard(options, body) }, body };
  },
};

function gitHubLike({ ref = "refs/heads/main", deleted = false, repository = "home/fleet" }: Options, server: string) {
  return {
    ref,
    before: OLD,
    after: deleted ? ZERO : NEW,
    created: false,
    deleted,
    forced: false,
    commits: deleted ? [] : [{ id: NEW, message: "Brighter lamp at night", added: [], modified: [], removed: [] }],
    repository: {
      name: repository.split("/")[1],
      full_name: repository,
      html_url: `${server}/${repository}`,
      clone_url: `${server}/${repository}.git`,
      default_branch: "main",
    },
    pusher: { name: "somebody" },
  };
}

function gitHub({ secret, id = "72d3162e" }: Options, body: string): Record<string, string> {
  return {
    "user-agent": "GitHub-Hookshot/044aadd",
    "x-github-delivery": id,
    "x-github-event": "push",
    "x-github-hook-id": "292430182",
    "x-hub-signature": `sha1=${hex(secret, body, "sha1")}`,
    "x-hub-signature-256": `sha256=${hex(secret, body)}`,
  };
}

function gitea(options: Options, body: string): Record<string, string> {
  const { secret, id = "f6266f16" } = options;
  return {
    ...gitHub(options, body),
    "user-agent": "Go-http-client/1.1",
    "x-github-event-type": "push",
    "x-gitea-delivery": id,
    "x-gitea-event": "push",
    "x-gitea-event-type": "push",
    "x-gitea-signature": hex(secret, body),
    "x-gogs-delivery": id,
    "x-gogs-event": "push",
    "x-gogs-event-type": "push",
    "x-gogs-signature": hex(secret, body),
  };
}

function gitLab({ ref = "refs/heads/main", id = "908a6d9e" }: Options): Record<string, string> {
  return {
    "content-type": JSON_TYPE,
    "user-agent": "GitLab/18.0.0",
    "idempotency-key": id,
    "x-gitlab-event": ref.startsWith("refs/tags/") ? "Tag Push Hook" : "Push Hook",
    "x-gitlab-event-uuid": "13792a34-cac6-4fda-95a8-c58e00a3954e",
    "x-gitlab-webhook-uuid": "8f3b1a2c",
    "x-gitlab-instance": "https://gitlab.example.org",
  };
}

function gitLabPush({ ref = "refs/heads/main", deleted = false, repository = "home/fleet" }: Options) {
  const url = `https://gitlab.example.org/${repository}`;
  return {
    object_kind: ref.startsWith("refs/tags/") ? "tag_push" : "push",
    before: OLD,
    after: deleted ? ZERO : NEW,
    ref,
    checkout_sha: deleted ? null : NEW,
    project: {
      path_with_namespace: repository,
      git_ssh_url: `git@gitlab.example.org:${repository}.git`,
      git_http_url: `${url}.git`,
      default_branch: "main",
    },
    repository: { name: repository.split("/")[1], homepage: url },
    total_commits_count: 1,
  };
}

function bitbucketServer({ id = "6a3c1b2d" }: Options): Record<string, string> {
  return {
    "content-type": "application/json; charset=utf-8",
    "user-agent": "Atlassian HttpClient 2.1.5 / Bitbucket-9.4.0",
    "x-event-key": "repo:refs_changed",
    "x-request-id": id,
  };
}

function bitbucketServerPush(options: Options) {
  const { ref = "refs/heads/main", deleted = false, repository = "home/fleet" } = options;
  const { type, name } = branchOrTag(options);
  const [key, slug] = repository.split("/") as [string, string];
  return {
    eventKey: "repo:refs_changed",
    date: "2026-06-01T09:45:32+1000",
    actor: { name: "somebody" },
    repository: { slug, id: 84, name: slug, scmId: "git", project: { key: key.toUpperCase(), id: 84, type: "NORMAL" } },
    changes: [{
      ref: { id: ref, displayId: name, type: type.toUpperCase() },
      refId: ref,
      fromHash: OLD,
      toHash: deleted ? ZERO : NEW,
      type: deleted ? "DELETE" : "UPDATE",
    }],
  };
}

function branchOrTag({ ref = "refs/heads/main" }: Options): { type: "branch" | "tag"; name: string } {
  const type = ref.startsWith("refs/tags/") ? "tag" : "branch";
  return { type, name: ref.replace(/^refs\/(heads|tags)\//, "") };
}

function basic({ secret }: Options): string {
  return `Basic ${Buffer.from(`hook:${secret}`).toString("base64")}`;
}

function standard({ secret, id = "msg_2b7e", now = Date.now() }: Options, body: string): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const signature = standardSignature(secret, { id, timestamp, body: new TextEncoder().encode(body) });
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature };
}
