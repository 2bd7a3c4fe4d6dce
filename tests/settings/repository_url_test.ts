import assert from "node:assert/strict";
import { join } from "node:path";
import { loadGiven } from "./load_given.ts";

async function load(url: string) {
  return await loadGiven({ text: `[repo]\nurl = ${JSON.stringify(url)}\n` });
}

Deno.test("a repository's URL is http, https or file with a scheme in lower case, or a path from config.toml's folder", async () => {
  const cases = [
    ["https://git.example.org/fleet.git", "https://git.example.org/fleet.git"],
    ["HTTPS://Git.example.org:8443/me/fleet", "https://Git.example.org:8443/me/fleet"],
    ["http://127.0.0.1:3000/fleet.git", "http://127.0.0.1:3000/fleet.git"],
    ["https://[::1]:3000/fleet.git", "https://[::1]:3000/fleet.git"],
    ["https://git.example.org/@me/fleet", "https://git.example.org/@me/fleet"],
    ["File:///srv/my%20fleet", "file:///srv/my%20fleet"],
    ["file://localhost/srv/fleet", "file:///srv/fleet"],
    ["/srv/me@home:8/fleet.git", "/srv/me@home:8/fleet.git"],
  ];
  for (const [url, expected] of cases) {
    const { settings, problems } = await load(url!);
    assert.deepEqual(problems, []);
    assert.equal(settings?.repo.url, expected);
  }
  for (const path of ["fleet", "./me@home:8/fleet", "../fleet"]) {
    const { cwd, settings } = await load(path);
    assert.equal(settings?.repo.url, join(cwd, path));
  }
});

Deno.test("a repository's URL that cannot work is refused with a sentence that says why", async () => {
  const cases: [string, RegExp][] = [
    ["", /^is "", wanted a URL like/],
    ["https://", /^names no host \| write https:\/\//],
    ["https:///fleet.git", /^names no host/],
    ["https://:8080/x", /^names no host/],
    ["https://host:port/x", /^has a port that is no number from 1 to 65535/],
    ["https://host:/x", /^has a port that is no number/],
    ["https://host:0/x", /^has a port that is no number/],
    ["https://host:65536/x", /^has a port that is no number/],
    ["https://ho st/x", /^is not a well-formed URL/],
    ["https://host\\x/y", /^is not a well-formed URL/],
    ["https://[::1/x", /^(is not a well-formed URL|has a port)/],
    ["https://host/x?ref=main", /^has a query or a fragment/],
    ["https://host/x#main", /^has a query or a fragment/],
    ["https://host/x@y", /^has an @ in its path, .* \| write %40/],
    [" https://host/x", /^begins or ends with a space/],
    ["https:/host/x", /^is no URL, and a path with : or @/],
    ["file://", /^is a file URL without an absolute path/],
    ["file://fleet", /^is a file URL without an absolute path \| write the path alone/],
    ["file://./fleet", /^is a file URL without an absolute path/],
    ["file:///srv/%zz", /^is a file URL with a % that encodes nothing/],
    ["ftp://host/x", /^has the scheme "ftp", wanted a URL like/],
    ["git://host/x", /^has the scheme "git", wanted a URL like/],
  ];
  for (const [url, expected] of cases) {
    const { problems } = await load(url);
    assert.equal(problems.length, 1, `${url}: ${problems.join("\n")}`);
    assert.match(problems[0]!.replace("config.toml:2:7: repo.url: ", ""), expected, url);
  }
});

Deno.test("a repository's address of SSH is a URL, or as git writes it for short", async () => {
  const cases = [
    ["git@git.example.org:me/fleet.git", "git@git.example.org:me/fleet.git"],
    ["git@git.example.org:/me/fleet.git", "git@git.example.org:/me/fleet.git"],
    ["ssh://git@git.example.org/me/fleet.git", "ssh://git@git.example.org/me/fleet.git"],
    ["SSH://git.example.org:22/me/fleet.git", "ssh://git.example.org:22/me/fleet.git"],
    ["git+ssh://git@[::1]:22/~me/fleet.git", "ssh://git@[::1]:22/~me/fleet.git"],
  ];
  for (const [url, expected] of cases) {
    const { settings, problems } = await load(url!);
    assert.deepEqual(problems, [], url);
    assert.equal(settings?.repo.url, expected);
  }
});

Deno.test("a repository's address of SSH holds no password, and nothing that ssh would take for an option", async () => {
  const cases: [string, RegExp][] = [
    ["ssh://git:pw@host/x", /^holds a password, and ssh takes a key \| .*ssh_key_file/],
    ["ssh://-oProxyCommand=id/x", /^names no host that ssh can reach/],
    ["ssh://git@-oProxyCommand=id/x", /^names no host that ssh can reach/],
    ["ssh://-l@host/x", /^has a user that no ssh server has/],
    ["ssh://host:0/x", /^has a port that is no number/],
    ["ssh://host", /^names no path of a repository/],
    ["ssh://host/x?ref=main", /^names no path of a repository/],
    ["git@-oProxyCommand=id:x", /^is no URL, and a path with : or @/],
    ["git@host:-x", /^is no URL, and a path with : or @/],
  ];
  for (const [url, expected] of cases) {
    const { problems } = await load(url);
    assert.equal(problems.length, 1, `${url}: ${problems.join("\n")}`);
    assert.match(problems[0]!.replace("config.toml:2:7: repo.url: ", ""), expected, url);
  }
});

Deno.test("a repository's URL with a password is refused, and no piece of it is in a message", async () => {
  const schemes = ["https", "HTTPS", "http", "ftp", "FTP", "ssh", "git+ssh", "file", "s3"];
  const passwords = [
    "SECRET",
    "SEC@RET",
    "SEC:RET",
    "SEC/RET",
    "SEC?RET",
    "SEC#RET",
    "SEC\\RET",
    "SEC RET",
    "8/SECRET",
  ];
  const hosts = ["h/x", "h:8080/x", "h", "h/x?token=SECRET", "h:x"];
  const starts = [...schemes.map((scheme) => `${scheme}://`), "https:/", "https:", ""];
  const urls = passwords.flatMap((password) =>
    hosts.flatMap((host) => starts.map((start) => `${start}u:${password}@${host}`))
  );
  const tokens = [
    "https://SECRET@h/x",
    "SECRET@h/x",
    "u:SECRET",
    "https://h/x?t=SECRET",
    "https://h:SECRET",
  ];
  for (const url of [...urls, ...tokens]) {
    const { settings, problems } = await load(url);
    assert.equal(settings, undefined, url);
    assert.doesNotMatch(problems.join("\n"), /SEC|RET/, url);
  }
});
