/** [pure] The commit status of each forge, as its documentation has it. */
import { createHash } from "node:crypto";
import { repositoryAddress } from "../model/repository_address.ts";
import type { CommitStatusSettings, Forge } from "../settings/settings.ts";
import type { CommitState } from "./commit_state.ts";
import { type HttpRequest, shortened } from "./outgoing_request.ts";

/** GitHub's limit, and short enough for the others. */
const MAX_DESCRIPTION = 140;
/** Of Bitbucket. */
const MAX_KEY = 40;

type State = CommitState["state"];

const GITHUB: Record<State, string> = {
  pending: "pending",
  success: "success",
  failure: "failure",
  superseded: "error",
};
const GITLAB: Record<State, string> = {
  pending: "pending",
  success: "success",
  failure: "failed",
  superseded: "canceled",
};
const BITBUCKET: Record<State, string> = {
  pending: "INPROGRESS",
  success: "SUCCESSFUL",
  failure: "FAILED",
  superseded: "STOPPED",
};
/** Data Center's word for it: https://developer.atlassian.com/server/bitbucket/rest/ */
const BITBUCKET_SERVER: Record<State, string> = { ...BITBUCKET, superseded: "CANCELLED" };

export function statusRequest(settings: CommitStatusSettings, status: CommitState): HttpRequest {
  const { host, hostname, scheme, path } = repositoryAddress(settings.repositoryUrl)!;
  // Over ssh, the port is not that of the API.
  const origin = scheme === "ssh" ? `https://${hostname}` : `${scheme}://${host}`;
  const said = { ...status, description: shortened(status.description, MAX_DESCRIPTION) };
  const request = REQUESTS[settings.forge]({ settings, status: said, origin, path, hostname });
  return {
    ...request,
    headers: { "content-type": "application/json", accept: "application/json", ...request.headers },
  };
}

interface Question {
  settings: CommitStatusSettings;
  status: CommitState;
  /** "https://git.example.org" */
  origin: string;
  hostname: string;
  /** "owner/name" */
  path: string;
}

const REQUESTS: Record<Forge, (question: Question) => HttpRequest> = {
  // https://docs.github.com/rest/commits/statuses
  github: ({ settings, status, origin, path, hostname }) => ({
    url: `${apiOf(settings, hostname === "github.com" ? "https://api.github.com" : `${origin}/api/v3`)}` +
      `/repos/${encoded(path)}/statuses/${status.revision}`,
    headers: {
      authorization: `Bearer ${settings.token}`,
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
    },
    body: JSON.stringify(gitHubLike(settings, status)),
  }),
  // https://docs.gitlab.com/api/commits/#set-commit-pipeline-status
  gitlab: ({ settings, status, origin, path }) => ({
    url: `${apiOf(settings, `${origin}/api/v4`)}/projects/${encodeURIComponent(path)}/statuses/${status.revision}`,
    headers: { "private-token": settings.token },
    body: JSON.stringify({
      state: GITLAB[status.state],
      name: settings.context,
      description: status.description,
      ...targetOf(settings, "target_url"),
    }),
    // It has that state already: https://gitlab.com/gitlab-org/gitlab/-/issues/16021
    isSaid: (code, text) => code === 400 && text.includes("Cannot transition status"),
  }),
  // https://docs.gitea.com/api, repoCreateStatus
  gitea: (question) => giteaLike(question),
  forgejo: (question) => giteaLike(question),
  // https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/
  bitbucket: ({ settings, status, path }) => ({
    url: `${apiOf(settings, "https://api.bitbucket.org/2.0")}/repositories/${encoded(path)}/commit/` +
      `${status.revision}/statuses/build`,
    headers: { authorization: `Bearer ${settings.token}` },
    body: JSON.stringify(bitbucketLike(settings, {
      status,
      state: BITBUCKET[status.state],
      fallback: `https://bitbucket.org/${encoded(path)}/commits/${status.revision}`,
    })),
  }),
  "bitbucket-server": ({ settings, status, origin, path }) => {
    const [project = "", repository = ""] = path.replace(/^scm\//, "").split("/");
    const place = `projects/${encodeURIComponent(project)}/repos/${encodeURIComponent(repository)}`;
    return {
      url: `${apiOf(settings, `${origin}/rest/api/latest`)}/${place}/commits/${status.revision}/builds`,
      headers: { authorization: `Bearer ${settings.token}` },
      body: JSON.stringify(bitbucketLike(settings, {
        status,
        state: BITBUCKET_SERVER[status.state],
        fallback: `${origin}/${place}/commits/${status.revision}`,
      })),
    };
  },
};

function giteaLike({ settings, status, origin, path }: Question): HttpRequest {
  return {
    url: `${apiOf(settings, `${origin}/api/v1`)}/repos/${encoded(path)}/statuses/${status.revision}`,
    headers: { authorization: `token ${settings.token}` },
    body: JSON.stringify(gitHubLike(settings, status)),
  };
}

function gitHubLike(settings: CommitStatusSettings, { state, description }: CommitState) {
  return { state: GITHUB[state], context: settings.context, description, ...targetOf(settings, "target_url") };
}

/** It wants a URL; without one of the device, the commit itself is where a click leads. */
function bitbucketLike(
  { context, targetUrl }: CommitStatusSettings,
  { status, state, fallback }: { status: CommitState; state: string; fallback: string },
) {
  const key = context.length <= MAX_KEY ? context : createHash("sha1").update(context).digest("hex");
  return { state, key, name: context, description: status.description, url: targetUrl ?? fallback };
}

function targetOf({ targetUrl }: CommitStatusSettings, name: string): Record<string, string> {
  return targetUrl === null ? {} : { [name]: targetUrl };
}

function apiOf({ apiUrl }: CommitStatusSettings, fallback: string): string {
  return (apiUrl ?? fallback).replace(/\/+$/, "");
}

/** Each name by itself: the slashes between them stay. */
function encoded(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
