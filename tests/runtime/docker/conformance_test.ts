import { systemClock } from "../../../src/clock.ts";
import { openDockerRuntime } from "../../../src/runtime/docker/docker_runtime.ts";
import { DOCKER_SOCKET } from "../../support/prerequisite.ts";
import { runtimeConformance } from "../conformance.ts";
import { dockerDevice, Inventory, NO_LOGINS, NOTHING_ALLOWED } from "./docker_device.ts";

await runtimeConformance("docker", {
  needs: ["docker", "busybox"],
  async setup() {
    await using stack = new AsyncDisposableStack();
    const device = stack.use(await dockerDevice());
    const owned = stack.move();
    return {
      runtime: device.runtime,
      shell(script, { name = "web", env = {} } = {}) {
        // All containers of the machine share one set of names.
        return device.workload({ name: `${device.id}-${name}`, command: ["/bin/sh", "-c", script], env });
      },
      async reopen() {
        const next = await openDockerRuntime({
          host: `unix://${DOCKER_SOCKET}`,
          deviceId: device.id,
          policy: NOTHING_ALLOWED,
          protectedPaths: [],
          credentialsDir: "/nonexistent/credentials",
          credentials: NO_LOGINS,
          inventory: new Inventory(),
          diskReserveBytes: 0,
          clock: systemClock,
        });
        owned.defer(() => next.close());
        return next;
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
});
