/** A server that takes commit statuses as each forge's documentation has it, and refuses what that does not allow. */
import type { Forge } from "../../src/settings/settings.ts";

export interface TakenStatus {
  repository: string;
  revision: string;
  state: string;
  /** What the forge tells statuses of one commit apart by. */
  context: string;
  description: string;
  url: string | null;
}

export const FORGE_TOKEN = "a token that may write statuses";

interface Rules {
  /** Groups: repository (maybe in two), revision. */
  path: RegExp;
  authorization: [header: string, value: string];
  /** Beside that. */
  headers?: Record<string, RegExp>;
  states: string[];
  take(body: Record<string, string>): Omit<TakenStatus, "repository" | "revision" | "state"> | string;
  status: number;
}

const gitHubLike = (body: Record<string, string>) =>
  [...(body.description ?? "")].length > 140
    ? "description is too long (maximum is 140 characters)"
    : { context: body.context ?? "default", description: body.description ?? "", url: body.target_url ?? null };
const bitbucketLike = (body: Record<string, string>) => {
  if (body.url === undefined || !URL.canParse(body.url)) return "url: required key not provided";
  if (body.key === undefined || body.key.length > 40) return "key: length must be at most 40";
  return { context: body.key, description: body.description ?? "", url: body.url };
};

const RULES: Record<Forge, Rules> = {
  "github": {
    path: /^\/repos\/([^/]+\/[^/]+)\/statuses\/([0-9a-f]{40})$/,
    authorization: ["authorization", `Bearer ${FORGE_TOKEN}`],
    headers: {
      "user-agent": /./,
      "x-github-api-version": /^2022-11-28$/,
      "accept": /^application\/vnd\.github\+json$/,
    },
    states: ["error", "failure", "pending", "success"],
    take: gitHubLike,
    status: 201,
  },
  "gitlab": {
    path: /^\/api\/v4\/projects\/([^/]+)\/statuses\/([0-9a-f]{40})$/,
    authorization: ["private-token", FORGE_TOKEN],
    states: ["pending", "running", "success", "failed", "canceled"],
    take: ({ name, description, target_url }) => ({
      context: name ?? "default",
      description: description ?? "",
      url: target_url ?? null,
    }),
    status: 201,
  },
  "gitea": giteaLike(),
  "forgejo": giteaLike(),
  "bitbucket": {
    path: /^\/2\.0\/repositories\/([^/]+\/[^/]+)\/commit\/([0-9a-f]{40})\/statuses\/build$/,
    authorization: ["authorization", `Bearer ${FORGE_TOKEN}`],
    states: ["SUCCESSFUL", "FAILED", "INPROGRESS", "STOPPED"],
    take: bitbucketLike,
    status: 201,
  },
  "bitbucket-server": {
    path: /^\/rest\/api\/latest\/projects\/([^/]+\/repos\/[^/]+)\/commits\/([0-9a-f]{40})\/builds$/,
    authorization: ["authorization", `Bearer ${FORGE_TOKEN}`],
    states: ["SUCCESSFUL", "FAILED", "INPROGRESS", "CANCELLED", "UNKNOWN"],
    take: bitbucketLike,
    status: 204,
  },
};

function giteaLike(): Rules {
  return {
    path: /^\/api\/v1\/repos\/([^/]+\/[^/]+)\/statuses\/([0-9a-f]{40})$/,
    authorization: ["authorization", `token ${FORGE_TOKEN}`],
    states: ["pending", "success", "error", "failure", "warning"],
    take: gitHubLike,
    status: 201,
  };
}

export class ForgeServer implements AsyncDisposable {
  readonly taken: TakenStatus[] = [];
  /** Requests that a real forge would have refused, and why. */
  readonly complaints: string[] = [];
  readonly #rules: Rules;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(readonly forge: Forge) {
    this.#rules = RULES[forge];
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => this.#answer(request));
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const text = await request.text();
    const answer = this.#take(request, text);
    if (answer instanceof Response) return answer;
    this.complaints.push(answer);
    return Response.json({ message: answer }, { status: 422 });
  }

  #take({ method, url, headers }: Request, text: string): Response | string {
    const { path, authorization: [name, value], headers: wanted = {}, states, take, status } = this.#rules;
    const [, repository, revision] = path.exec(new URL(url).pathname) ?? [];
    if (method !== "POST" || repository === undefined || revision === undefined) {
      return `no such route: ${method} ${url}`;
    }
    if (headers.get(name) !== value) return "bad credentials";
    if (headers.get("content-type") !== "application/json") return "no JSON";
    for (const [header, pattern] of Object.entries(wanted)) {
      if (!pattern.test(headers.get(header) ?? "")) return `the header ${header} is missing`;
    }
    const body = JSON.parse(text) as Record<string, string>;
    if (!states.includes(body.state ?? "")) return `no such state: ${body.state}`;
    const found = take(body);
    if (typeof found === "string") return found;
    const before = this.taken.findLast((takenStatus) =>
      takenStatus.revision === revision && takenStatus.context === found.context
    );
    if (this.forge === "gitlab" && before?.state === body.state) {
      const message = `Cannot transition status via :enqueue from :${body.state} (Reason(s): Status cannot transition)`;
      return Response.json({ message }, { status: 400 });
    }
    this.taken.push({ repository: decodeURIComponent(repository), revision, state: body.state!, ...found });
    return status === 204 ? new Response(null, { status }) : Response.json({ id: this.taken.length }, { status });
  }
}
