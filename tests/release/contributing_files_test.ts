/** Files that GitHub and editors read: no program here would notice a mistake in them. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import project from "../../deno.json" with { type: "json" };
import { runGit } from "../support/git_environment.ts";
import { testNeeding } from "../support/prerequisite.ts";

const ROOT = new URL("../../", import.meta.url);
const TEMPLATES = new URL(".github/ISSUE_TEMPLATE/", ROOT);

/** The owner's list, and names that tools look for at the top level. */
const TOP_LEVEL = [
  ...["README.md", "deno.json", "examples", "install.sh", "src", "systemd", "tests", "ui"],
  ...["CHANGELOG.md", "LICENSE", "deno.lock"],
  ...[".ci", ".editorconfig", ".github", ".gitignore", ".vscode"],
];

await testNeeding(
  ["git"],
  "the top level holds the owner's list and what tools look for, and nothing else",
  async () => {
    const listed = ["ls-files", "--cached", "--others", "--exclude-standard"];
    const paths = (await runGit(ROOT.pathname, listed)).split("\n");
    assert.deepEqual([...new Set(paths.map((path) => path.split("/")[0]!))].sort(), [...TOP_LEVEL].sort());
  },
);

interface Template {
  name: string;
  description: string;
  body: { type: string; id?: string; attributes: Record<string, unknown>; validations?: { required: boolean } }[];
}

/** https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests */
const FIELD_TYPES = ["markdown", "textarea", "input", "dropdown", "checkboxes"];

async function read(url: URL): Promise<string> {
  return await Deno.readTextFile(url);
}

Deno.test("each issue template is a form that GitHub accepts", async () => {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(TEMPLATES)) names.push(name);
  assert.deepEqual(names.sort(), ["bug.yml", "config.yml", "feature.yml"]);
  for (const name of ["bug.yml", "feature.yml"]) {
    const { body, ...rest } = parse(await read(new URL(name, TEMPLATES)), { version: "1.2" }) as Template;
    assert.ok(rest.name && rest.description, name);
    const fields = body.filter(({ type }) => type !== "markdown");
    assert.ok(fields.length > 0, name);
    assert.deepEqual(body.filter(({ type }) => !FIELD_TYPES.includes(type)), [], name);
    for (const { id, attributes } of fields) assert.ok(/^[a-z]+$/.test(id ?? "") && attributes.label, `${name}: ${id}`);
    assert.equal(new Set(fields.map(({ id }) => id)).size, fields.length, `${name} has an id twice`);
  }
});

Deno.test("Dependabot updates the actions of the workflows", async () => {
  const config = parse(await read(new URL(".github/dependabot.yml", ROOT)), { version: "1.2" }) as {
    version: number;
    updates: { "package-ecosystem": string; directory: string; schedule: { interval: string } }[];
  };
  assert.equal(config.version, 2);
  assert.deepEqual(config.updates.map((update) => [update["package-ecosystem"], update.directory]), [
    ["github-actions", "/"],
  ]);
});

Deno.test("editors use the line width of `deno fmt`, and their tasks run the pinned Deno", async () => {
  const width = project.fmt.lineWidth;
  assert.match(await read(new URL(".editorconfig", ROOT)), new RegExp(`^max_line_length = ${width}$`, "m"));
  const json = async (name: string) => JSON.parse(await read(new URL(`.vscode/${name}`, ROOT)));
  const settings = await json("settings.json");
  assert.deepEqual([settings["deno.enable"], settings["editor.rulers"]], [true, [width]]);
  const pinned = /\bdeno@(\d+\.\d+\.\d+) task ok/.exec(await read(new URL(".github/CONTRIBUTING.md", ROOT)))?.[1];
  const { tasks } = await json("tasks.json") as { tasks: { command: string }[] };
  for (const { command } of tasks) assert.ok(command.startsWith(`npx -y deno@${pinned} task `), command);
  assert.ok((await json("extensions.json")).recommendations.includes("denoland.vscode-deno"));
});
