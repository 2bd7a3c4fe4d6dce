/** [pure] `devices`, `gpus`: device nodes and GPUs, of services and of deployments. */
import type { Gpus } from "../../model/workload.ts";
import { field, fields } from "../../schema/field_table.ts";
import { list, number, type Schema, text } from "../../schema/schema.ts";
import { quote } from "../../schema/toml_value.ts";

/** One row for both tables, so that the reference shows the field once. */
const DEVICES = fields({
  devices: field(
    list(text({ pattern: /^\/dev\/(?!.*\.\.)[^\0]+$/, expected: 'a path like "/dev/ttyUSB0"' }), "an array of paths"),
    [],
    { doc: "Device nodes that it may use; the device must allow them", example: 'devices = ["/dev/ttyUSB0"]' },
  ),
});

/** No machine has more GPUs: a larger number is a typing error. */
const count = number({ min: 1, max: 1024 });

export const SERVICE_DEVICE_FIELDS = fields({
  ...DEVICES,
  gpus: field(everyGpu(), null, {
    doc: '"all": the GPUs of the device; the device must allow it',
    example: 'gpus = "all"',
  }),
});

export const DEPLOYMENT_DEVICE_FIELDS = fields({
  ...DEVICES,
  gpus: field(someGpus(), null, {
    doc: '"all", or how many GPUs; the device must allow it',
    example: "gpus = 1",
  }),
});

/** "all" only: a process can use every device node that its groups open, so nothing could limit it to some GPUs. */
function everyGpu(): Schema<Gpus> {
  return {
    expected: '"all"',
    jsonSchema: { enum: ["all"] },
    read(value, scope) {
      if (value === "all") return "all";
      const isCount = typeof value === "bigint" || typeof value === "number";
      return isCount
        ? scope.error(`is ${quote(value)}, and a service gets all GPUs or none`, 'write gpus = "all"')
        : scope.mismatch(value, '"all"');
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
      return isCount ? count.read(value, scope) : scope.mismatch(value, expected);
    },
  };
}
