/** [pure] Device nodes and GPUs: the fields of services and of deployments that ask for them. */
import type { Gpus } from "../../model/workload.ts";
import { type Field, field, list, number, type Schema, text } from "../../schema/schema.ts";
import { quote } from "../../schema/diagnostic.ts";

const devices = field(
  "devices",
  list(text({ pattern: /^\/dev\/(?!.*\.\.)[^\0]+$/, expected: 'a path like "/dev/ttyUSB0"' }), "an array of paths"),
  [],
  { doc: "Device nodes that it may use; the device must allow them", example: 'devices = ["/dev/ttyUSB0"]' },
);

/** More are in no machine: a larger number is a slip of the hand. */
const count = number({ min: 1, max: 1024 });

export const SERVICE_DEVICE_FIELDS: Field[] = [
  devices,
  field("gpus", everyGpu(), null, {
    doc: '"all": the GPUs of the device; the device must allow it',
    example: 'gpus = "all"',
  }),
];

export const DEPLOYMENT_DEVICE_FIELDS: Field[] = [
  devices,
  field("gpus", someGpus(), null, {
    doc: '"all", or how many GPUs; the device must allow it',
    example: "gpus = 1",
  }),
];

/** A process uses what its groups open for it, so nothing could keep it to some of them. */
function everyGpu(): Schema<Gpus> {
  return {
    expected: '"all"',
    jsonSchema: { enum: ["all"] },
    read(value, scope) {
      if (value === "all") return "all";
      const isCount = typeof value === "bigint" || typeof value === "number";
      return isCount
        ? scope.error(`is ${quote(value)}, and a service gets all GPUs or none`, 'write gpus = "all"')
        : scope.error(`is ${quote(value)}, wanted "all"`);
    },
  };
}

function someGpus(): Schema<Gpus> {
  const expected = `"all", or ${count.expected}`;
  return {
    expected,
    jsonSchema: { anyOf: [{ enum: ["all"] }, count.jsonSchema] },
    read(value, scope) {
      if (value === "all") return "all";
      const isCount = typeof value === "bigint" || typeof value === "number";
      return isCount ? count.read(value, scope) : scope.error(`is ${quote(value)}, wanted ${expected}`);
    },
  };
}
