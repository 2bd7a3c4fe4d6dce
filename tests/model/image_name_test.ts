import assert from "node:assert/strict";
import { digestIn, imagePath, pullQuery, registryOf, repositoryOf } from "../../src/model/image_name.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const OTHER = `sha256:${"b".repeat(64)}`;

Deno.test("an image's name says where it comes from, as docker reads it", () => {
  const cases: [image: string, registry: string, repository: string][] = [
    ["nginx", "docker.io", "docker.io/library/nginx"],
    ["nginx:1.27", "docker.io", "docker.io/library/nginx"],
    ["team/web:1", "docker.io", "docker.io/team/web"],
    ["docker.io/nginx", "docker.io", "docker.io/library/nginx"],
    ["index.docker.io/library/nginx", "docker.io", "docker.io/library/nginx"],
    ["ghcr.io/team/web", "ghcr.io", "ghcr.io/team/web"],
    ["localhost/web:1", "localhost", "localhost/web"],
    ["127.0.0.1:5000/web", "127.0.0.1:5000", "127.0.0.1:5000/web"],
    [`127.0.0.1:5000/a/b:2@${DIGEST}`, "127.0.0.1:5000", "127.0.0.1:5000/a/b"],
  ];
  for (const [image, registry, repository] of cases) {
    assert.deepEqual([registryOf(image), repositoryOf(image)], [registry, repository], image);
  }
});

Deno.test("one tag of an image is pulled, or what its digest names", () => {
  assert.deepEqual(pullQuery("nginx"), { fromImage: "nginx", tag: "latest" });
  assert.deepEqual(pullQuery("127.0.0.1:5000/web"), { fromImage: "127.0.0.1:5000/web", tag: "latest" });
  assert.deepEqual(pullQuery("127.0.0.1:5000/web:2"), { fromImage: "127.0.0.1:5000/web", tag: "2" });
  assert.deepEqual(pullQuery(`nginx:1.27@${DIGEST}`), { fromImage: "nginx", tag: DIGEST });
});

Deno.test("an image's digest is the one of the registry that it was asked of", () => {
  const names = [`nginx@${DIGEST}`, `127.0.0.1:5000/web@${OTHER}`];
  assert.equal(digestIn(names, "docker.io/library/nginx:1.27"), DIGEST);
  assert.equal(digestIn(names, "127.0.0.1:5000/web:1"), OTHER);
  assert.equal(digestIn(names, "127.0.0.1:5000/other:1"), null);
  assert.equal(digestIn(names, `sha256:${"c".repeat(64)}`), DIGEST);
  assert.equal(digestIn([], "nginx"), null);
});

Deno.test("no image's name leads elsewhere in Docker's API", () => {
  for (const image of ["../containers", "a/../../containers/x", "", "a b", "a?b", "-x", "a//b"]) {
    assert.throws(() => imagePath(image), { name: "Failure", kind: "mistake" }, image);
  }
  for (const image of ["nginx", DIGEST, `a.b:1/c:d@${DIGEST}`]) assert.equal(imagePath(image), image);
});
