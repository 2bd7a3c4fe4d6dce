import assert from "node:assert/strict";
import { pieces } from "../../ui/usage.tsx";

const ages = (found: ReturnType<typeof pieces>) => found.map((piece) => piece.map(({ age }) => age));

Deno.test("a line is parted where nothing is known, and where nobody looked for long", () => {
  assert.deepEqual(ages(pieces([40, 35, 30, 25, 20], [1, 2, null, 3, 4])), [[40, 35], [25, 20]]);
  assert.deepEqual(ages(pieces([300, 270, 100, 95], [1, 1, 1, 1])), [[300, 270], [100, 95]]);
});

Deno.test("a line begins ten minutes ago, and one point makes none", () => {
  assert.deepEqual(ages(pieces([605, 601, 600, 595], [1, 1, 1, 1])), [[600, 595]]);
  assert.deepEqual(ages(pieces([10, 5], [null, 1])), []);
  assert.deepEqual(pieces([], []), []);
});
