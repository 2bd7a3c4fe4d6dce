import assert from "node:assert/strict";
import { statusRequest } from "../../src/notify/commit_status_request.ts";
import type { CommitStatusSettings, Forge } from "../../src/settings/settings.ts";

const REVISION = "bffeb74224043ba2feb48d137756c8a9331c449a";

/** By forge and [repo] url: where its API is, as each documents it for its own host and for one of somebody's own. */
const URLS: [Forge, string, string][] = [
  ["github", "https://github.com/home/fleet.git", "https://api.github.com/repos/home/fleet/statuses/"],
  ["github", "git@github.com:home/fleet.git", "https://api.github.com/repos/home/fleet/statuses/"],
  ["github", "https://git.example.org/home/fleet", "https://git.example.org/api/v3/repos/home/fleet/statuses/"],
  ["gitlab", "https://gitlab.com/a/b/c.git", "https://gitlab.com/api/v4/projects/a%2Fb%2Fc/statuses/"],
  ["gitlab", "ssh://git@gitlab.example.org:2222/a/b", "https://gitlab.example.org/api/v4/projects/a%2Fb/statuses/"],
  ["gitea", "http://git.lan:3000/home/fleet.git", "http://git.lan:3000/api/v1/repos/home/fleet/statuses/"],
  ["forgejo", "https://codeberg.org/home/fleet", "https://codeberg.org/api/v1/repos/home/fleet/statuses/"],
  [
    "bitbucket",
    "https://bitbucket.org/home/fleet.git",
    "https://api.bitbucket.org/2.0/repositories/home/fleet/commit/",
  ],
  [
    "bitbucket-server",
    "https://git.example.org:7990/scm/~me/fleet.git",
    "https://git.example.org:7990/rest/api/latest/projects/~me/repos/fleet/commits/",
  ],
  [
    "bitbucket-server",
    "ssh://git@git.example.org:7999/home/fleet.git",
    "https://git.example.org/rest/api/latest/projects/home/repos/fleet/commits/",
  ],
];

const settings = (forge: Forge, repositoryUrl: string, apiUrl: string | null = null): CommitStatusSettings => (
  { forge, repositoryUrl, apiUrl, token: "t0ken", context: "harbornode/pi", targetUrl: null }
);
const status = { revision: REVISION, state: "pending" as const, description: "is being applied" };

for (const [forge, repositoryUrl, beginning] of URLS) {
  Deno.test(`a commit status of ${repositoryUrl} goes to the API of ${forge}, and its token is in no URL`, () => {
    const { url, body } = statusRequest(settings(forge, repositoryUrl), status);
    assert.ok(url.startsWith(beginning) && url.includes(REVISION), url);
    assert.ok(!`${url}${body}`.includes("t0ken"));
  });
}

Deno.test("a commit status goes where the owner says, whether that ends with a slash or not", () => {
  for (const api of ["https://example.org/git/api/v1", "https://example.org/git/api/v1/"]) {
    const { url } = statusRequest(settings("gitea", "https://example.org/git/home/fleet", api), status);
    assert.ok(url.startsWith("https://example.org/git/api/v1/repos/"), url);
  }
});
