/** CHANGELOG.md has the form that a release and its readers rely on. */
import assert from "node:assert/strict";

const CHANGELOG = await Deno.readTextFile(new URL("../../CHANGELOG.md", import.meta.url));
/** https://keepachangelog.com/en/1.1.0/ */
const KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

Deno.test("the changelog begins with what is not released, and then has versions with their days, newest first", () => {
  const [first, ...versions] = [...CHANGELOG.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading!);
  assert.equal(first, "Unreleased");
  for (const heading of versions) assert.match(heading, /^\d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2}$/);
  const days = versions.map((heading) => heading.split(" - ")[1]!);
  assert.deepEqual(days, days.toSorted().reverse());
});

Deno.test("the changelog tells of kinds of change, in their order", () => {
  for (const section of CHANGELOG.split(/^## /m).slice(1)) {
    const kinds = [...section.matchAll(/^### (.*)$/gm)].map(([, kind]) => kind!);
    assert.deepEqual(kinds, KINDS.filter((kind) => kinds.includes(kind)));
  }
});
