import assert from "node:assert/strict";
import { checkDevicesAllowed, checkIsDevice, matches } from "../../src/model/device_policy.ts";

const NOTHING = { allowDevices: [], allowGpus: false };

Deno.test("a device or a GPU is denied unless the owner allows it, with what would allow it", () => {
  checkDevicesAllowed({ devices: [], gpus: null }, NOTHING);
  assert.throws(() =>
    checkDevicesAllowed({ devices: ["/dev/fuse", "/dev/kvm"], gpus: null }, {
      allowDevices: ["/dev/f*"],
      allowGpus: true,
    }), {
    reason: "policy_denied",
    message: 'devices: the owner of this device does not allow "/dev/kvm"',
    hint: "leave it out, or add it to [policy] allow_devices in config.toml",
  });
  for (const gpus of ["all", 1] as const) {
    assert.throws(() => checkDevicesAllowed({ devices: [], gpus }, { allowDevices: ["/dev/*"], allowGpus: false }), {
      reason: "policy_denied",
      message: "gpus: the owner of this device does not allow GPUs",
      hint: "leave gpus out, or set allow_gpus = true in [policy] of config.toml",
    });
    checkDevicesAllowed({ devices: [], gpus }, { ...NOTHING, allowGpus: true });
  }
});

Deno.test("in a pattern for devices a star is any characters but a slash, and nothing else is special", () => {
  assert.ok(matches("/dev/ttyUSB0", "/dev/ttyUSB*"));
  assert.ok(matches("/dev/dri/renderD128", "/dev/dri/*"));
  assert.ok(!matches("/dev/net/tun", "/dev/*"));
  assert.ok(!matches("/dev/sda1", "/dev/sda"));
  assert.ok(!matches("/dev/xttyUSB0", "/dev/.ttyUSB0"));
  assert.ok(!matches("/dev/ttyUSB0\n/dev/sda", "/dev/sda"));
});

Deno.test("what is not there, or is no device, is told apart", () => {
  checkIsDevice("/dev/x", { isCharDevice: true, isBlockDevice: false });
  checkIsDevice("/dev/x", { isCharDevice: false, isBlockDevice: true });
  assert.throws(() => checkIsDevice("/dev/x", null), { kind: "refused", message: 'there is no device "/dev/x"' });
  const folder = { isCharDevice: false, isBlockDevice: false };
  assert.throws(() => checkIsDevice("/dev/x", folder), { kind: "mistake", message: '"/dev/x" is not a device' });
});
