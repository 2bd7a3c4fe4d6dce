import assert from "node:assert/strict";
import { type DeviceSelector, EVERY_DEVICE, isSelected, type Target } from "../../../src/manifest/device/selector.ts";

const PI: Required<Target> = {
  device: "pi-kitchen",
  labels: { room: "kitchen", model: "pi-4" },
  arch: "arm64",
  memoryBytes: 900 * 1024 ** 2,
  docker: true,
};

const GIB = 1024 ** 3;

/** What is asked of a device, and whether the Pi in the kitchen is one of these. */
const CASES: [Partial<DeviceSelector>, boolean][] = [
  [{}, true],
  [{ any: ["pi-*"] }, true],
  [{ any: ["pi-*", "!pi-kitchen"] }, false],
  [{ any: ["!pi-lab"] }, true],
  [{ any: ["srv-*", "room=kitchen"] }, true],
  [{ any: ["!room=kit*"] }, false],
  [{ labels: { room: ["hall", "kitchen"] } }, true],
  [{ labels: { room: ["kitchen"], model: ["pi-5"] } }, false],
  [{ labels: { floor: ["*"] } }, false],
  [{ arch: ["arm64"] }, true],
  [{ arch: ["x86_64"] }, false],
  [{ arch: ["x86_64", "arm64"] }, true],
  [{ memoryBytes: GIB }, false],
  [{ memoryBytes: GIB / 2 }, true],
  [{ docker: true }, true],
  [{ docker: false }, false],
  [{ any: ["pi-*"], arch: ["arm64"], docker: true, memoryBytes: GIB / 2, labels: { room: ["k*"] } }, true],
  [{ any: ["pi-*"], arch: ["arm64"], docker: false }, false],
];

for (const [selection, expected] of CASES) {
  Deno.test(`on ${JSON.stringify(selection)} ${expected ? "chooses" : "does not choose"} the Pi in the kitchen`, () => {
    assert.equal(isSelected({ ...EVERY_DEVICE, ...selection }, PI), expected);
  });
}

Deno.test("a fact that is not known of a device keeps nothing from it", () => {
  const unknown: Target = { device: "pi-kitchen", labels: {} };
  const asks: Partial<DeviceSelector> = { arch: ["x86_64"], memoryBytes: GIB, docker: false };
  assert.equal(isSelected({ ...EVERY_DEVICE, ...asks }, unknown), true);
});
