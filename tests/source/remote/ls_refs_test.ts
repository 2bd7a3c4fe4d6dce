import assert from "node:assert/strict";
import { lsRefsRequest, parseLsRefs, serverError } from "../../../src/source/remote/ls_refs.ts";

const ID = "0123456789abcdef0123456789abcdef01234567";
const packet = (line: string) => (line.length + 4).toString(16).padStart(4, "0") + line;
const answer = `${packet(`${ID} HEAD symref-target:refs/heads/main\n`)}${packet(`${ID} refs/heads/main\n`)}0000`;
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a request for refs is protocol version 2", () => {
  assert.equal(
    new TextDecoder().decode(lsRefsRequest(["refs/heads/mäin"])),
    "0014command=ls-refs\n00010009peel\n000csymrefs\n0020ref-prefix refs/heads/mäin\n0000",
  );
});

Deno.test("an answer with refs tells ids and the default branch", () => {
  const refs = parseLsRefs(bytes(answer));
  assert.equal(refs?.ids.get("refs/heads/main"), ID);
  assert.equal(refs?.defaultBranch, "refs/heads/main");
  assert.equal(parseLsRefs(bytes("0000"))?.ids.size, 0);
  const tag = `${packet(`${"a".repeat(40)} refs/tags/v1 peeled:${ID}\n`)}0000`;
  assert.equal(parseLsRefs(bytes(tag))?.ids.get("refs/tags/v1"), ID, "a tag is the commit that it leads to");
});

Deno.test("no part of an answer is taken for the whole, and nothing else for an answer", () => {
  for (let length = 0; length < answer.length; length++) {
    assert.equal(parseLsRefs(bytes(answer.slice(0, length))), null);
  }
  for (const other of ["<html>", "0000more", "0003", "000aERR no", "zzzz", "0008abcd0000"]) {
    assert.equal(parseLsRefs(bytes(other)), null, other);
  }
});

Deno.test("the server's own words are found", () => {
  assert.equal(serverError(bytes("0016ERR access denied\n")), "access denied");
  assert.equal(serverError(bytes("0000")), null);
});
