import assert from "node:assert/strict";
import { fingerprint } from "../../../src/model/fingerprint.ts";
import { type ImageState, newState } from "../../../src/model/workload_state.ts";
import type { DockerWorkload } from "../../../src/model/workload.ts";
import { explainChange } from "../../../src/reconciler/pipeline/spec_diff.ts";
import { afterDigestCheck, restoredImageState, withPinnedDigest } from "../../../src/reconciler/pipeline/pin_image.ts";
import { docker, native } from "../../support/workload.ts";
import { instance } from "./model_device.ts";

const [D0, D1, D2] = ["a", "b", "c"].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string, string];
const HOUR = 3_600_000;
const WEB = docker({ image: "web:1", imageUpdates: { intervalMs: HOUR, cooldownMs: 2 * HOUR } });
const BOLD = { ...WEB, imageUpdates: { intervalMs: HOUR, cooldownMs: 0 } };

/** What the device knows and does, told look by look. */
function follow(spec: DockerWorkload, looks: [digest: string, at: number][], running: string | null = D0) {
  let image: ImageState | undefined;
  for (const [digest, now] of looks) {
    const memory = image === undefined ? undefined : { ...newState("web"), image };
    image = afterDigestCheck(spec, { state: memory, digest, running, now }) ?? image;
  }
  return image;
}

function shown(
  spec: DockerWorkload,
  image: ImageState | undefined,
  now: number,
): [image: string, wakeAt: number | null] {
  const memory = image === undefined ? undefined : { ...newState("web"), image };
  const followed = withPinnedDigest(spec, { state: memory, now });
  return [(followed.spec as DockerWorkload).image, followed.wakeAt];
}

Deno.test("a tag that does not move changes nothing and is not written down", () => {
  assert.equal(follow(WEB, [[D0, 0], [D0, HOUR]]), undefined);
  assert.deepEqual(shown(WEB, undefined, 0), ["web:1", null]);
});

Deno.test("a tag that moved is followed once its cooldown is over, and the planner is told when", () => {
  const image = follow(WEB, [[D0, 0], [D1, HOUR]]);
  assert.deepEqual(shown(WEB, image, HOUR), ["web:1", 3 * HOUR]);
  assert.deepEqual(shown(WEB, image, 3 * HOUR - 1), ["web:1", 3 * HOUR]);
  assert.deepEqual(shown(WEB, image, 3 * HOUR), [`web:1@${D1}`, null]);
  assert.deepEqual(shown(BOLD, follow(BOLD, [[D1, 5]]), 5), [`web:1@${D1}`, null]);
});

Deno.test("the cooldown begins with the first look, not with each", () => {
  const image = follow(WEB, [[D1, HOUR], [D1, 2 * HOUR], [D1, 2.5 * HOUR]]);
  assert.deepEqual(shown(WEB, image, 3 * HOUR), [`web:1@${D1}`, null]);
});

Deno.test("what is taken back within its cooldown was never taken", () => {
  const image = follow(WEB, [[D1, HOUR], [D0, 2 * HOUR]]);
  assert.equal(image?.seen, undefined);
  assert.deepEqual(shown(WEB, image, 9 * HOUR), ["web:1", null]);
});

Deno.test("a newer content waits for a cooldown of its own, and what was taken stays meanwhile", () => {
  const image = follow(WEB, [[D1, HOUR], [D1, 4 * HOUR], [D2, 5 * HOUR]]);
  assert.deepEqual(shown(WEB, image, 6 * HOUR), [`web:1@${D1}`, 7 * HOUR]);
  assert.deepEqual(shown(WEB, image, 7 * HOUR), [`web:1@${D2}`, null]);
  const hasty = follow(WEB, [[D1, HOUR], [D2, 2 * HOUR]]);
  assert.deepEqual(shown(WEB, hasty, 3 * HOUR), ["web:1", 4 * HOUR]);
});

Deno.test("a tag that comes back to what it stood for at first is the same spec as at first", () => {
  const image = follow(BOLD, [[D1, HOUR], [D0, 2 * HOUR]]);
  assert.deepEqual(shown(BOLD, image, 2 * HOUR), ["web:1", null]);
  assert.deepEqual(shown(BOLD, follow(BOLD, [[D1, 1], [D0, 2], [D0, 3]]), 4), ["web:1", null]);
});

Deno.test("another image in the manifest leaves behind what is known of the one before", () => {
  const image = follow(BOLD, [[D1, HOUR]]);
  assert.deepEqual(shown({ ...BOLD, image: "web:2" }, image, 2 * HOUR), ["web:2", null]);
  const next = afterDigestCheck({ ...BOLD, image: "web:2" }, {
    state: { ...newState("web"), image: image! },
    digest: D2,
    running: D2,
    now: 0,
  });
  assert.equal(next, null);
});

Deno.test("to end the following changes nothing that runs", () => {
  const image = follow(WEB, [[D1, 0], [D1, 3 * HOUR], [D2, 4 * HOUR]]);
  const ended = { ...WEB, imageUpdates: null };
  assert.deepEqual(shown(ended, image, 9 * HOUR), [`web:1@${D1}`, null]);
  assert.deepEqual(shown({ ...ended, pull: "always" }, image, 9 * HOUR), ["web:1", null]);
});

Deno.test("a lost memory is found again on the instance that was started of a digest", () => {
  const { spec } = withPinnedDigest(BOLD, {
    state: { ...newState("web"), image: { reference: "web:1", base: null, digest: D1 } },
    now: 0,
  });
  const of = (mark: string, imageDigest?: string) => {
    const one = instance(BOLD, { id: "i", slot: 0, fingerprint: mark });
    return restoredImageState(BOLD, [imageDigest === undefined ? one : { ...one, imageDigest }]);
  };
  const image = of(fingerprint(spec), D1);
  assert.deepEqual(image, { reference: "web:1", base: null, digest: D1 });
  assert.deepEqual(shown(BOLD, image!, 0), [`web:1@${D1}`, null]);
  assert.equal(of(fingerprint(BOLD), D1), null);
  assert.equal(of(fingerprint(spec), D2), null);
  assert.equal(of(fingerprint(spec)), null);
  assert.equal(restoredImageState(native({}), []), null);
});

Deno.test("a spec is one object for one digest, and another fingerprint for another", () => {
  const memory = { ...newState("web"), image: { reference: "web:1", base: D0, digest: D1 } };
  const first = withPinnedDigest(BOLD, { state: memory, now: 0 }).spec;
  assert.equal(withPinnedDigest(BOLD, { state: memory, now: 1 }).spec, first);
  assert.notEqual(fingerprint(first), fingerprint(BOLD));
});

Deno.test("a moved tag is told as that, from digest to digest", () => {
  const at = (digest: string | null) => ({ ...WEB, image: digest === null ? "web:1" : `web:1@${digest}` });
  const [a, b] = ["sha256:aaaaaaaaaaaa", "sha256:bbbbbbbbbbbb"];
  const told = (before: DockerWorkload, after: DockerWorkload, imageDigest?: string) =>
    Object.values(explainChange(before, after, { imageDigest })).join(": ");
  assert.equal(told(at(D0), at(D1)), `image_changed: image web:1: ${a} -> ${b} changed`);
  assert.equal(told(at(null), at(D1), D0), `image_changed: image web:1: ${a} -> ${b} changed`);
  assert.equal(told(at(null), at(D1)), `image_changed: image web:1: what is here -> ${b} changed`);
  assert.equal(told(at(D1), at(null)), `image_changed: image web:1: ${b} -> what is here changed`);
  assert.match(told(at(D0), { ...at(D1), env: { A: "1" } }), /^spec_changed: env\.A, image: /);
  assert.match(told(at(D0), { ...WEB, image: `web:2@${D1}` }), /^spec_changed: image: /);
});
