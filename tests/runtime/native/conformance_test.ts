import { runtimeConformance } from "../conformance.ts";
import { nativeDevice, nativeWorkload } from "./native_device.ts";

await runtimeConformance("native", {
  needs: [],
  async setup() {
    const device = await nativeDevice();
    return {
      runtime: device.runtime,
      shell: (script, fields = {}) => nativeWorkload({ command: ["/bin/sh", "-c", script], ...fields }),
      reopen: () => device.reopen(),
      [Symbol.asyncDispose]: () => device[Symbol.asyncDispose](),
    };
  },
});
