/**
 * `deno task device`: boots the machine of the device tests and keeps it until Ctrl-C, for a look by hand. Nothing of
 * it is left after that. `--build` makes the disk image alone.
 */
// deno-lint-ignore-file no-console -- this is a program for a terminal
import { parseArgs } from "node:util";
import { deviceImage } from "./vm/image.ts";
import { DEVICE_ARCHITECTURE, noVirtualMachine } from "./vm/prerequisite.ts";
import { VirtualMachine } from "./vm/virtual_machine.ts";

const USAGE = `usage: deno task device [--build] [--docker] [--append ARGUMENTS] [--port PORT]...

  --build             build the disk image, and boot nothing
  --docker            a machine with Docker
  --append ARGUMENTS  further kernel arguments, such as cgroup_disable=memory
  --port PORT         one more port of the machine to reach from here (3080 always is)`;

function options() {
  try {
    const { values } = parseArgs({
      args: Deno.args,
      options: {
        build: { type: "boolean", default: false },
        docker: { type: "boolean", default: false },
        append: { type: "string", default: "" },
        port: { type: "string", multiple: true, default: [] },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const ports = values.port.map(Number);
    if (ports.some((port) => !Number.isInteger(port) || port < 1 || port > 65535)) {
      throw new Error(`--port is "${values.port}", wanted a number from 1 to 65535`);
    }
    return { ...values, ports: [3080, ...ports] };
  } catch (error) {
    console.error(`error: ${(error as Error).message}\n${USAGE}`);
    Deno.exit(2);
  }
}

const { build, docker, append, ports, help } = options();
if (help) {
  console.log(USAGE);
  Deno.exit(0);
}
const reason = await noVirtualMachine();
if (reason !== null) {
  console.error(`error: ${reason}`);
  Deno.exit(1);
}
const kind = { architecture: DEVICE_ARCHITECTURE, docker };
if (build) {
  console.log((await deviceImage(kind, (line) => console.error(line))).directory);
  Deno.exit(0);
}
// Until the machine is up, a signal ends this process, and QEMU with it.
await using machine = await VirtualMachine.boot({ ...kind, append, ports });
console.log(`a shell in the machine: ${machine.sshCommand}`);
for (const port of ports) console.log(`its port ${port} is http://127.0.0.1:${machine.port(port)}/`);
console.log("Ctrl-C ends the machine");
await new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, resolve);
});
