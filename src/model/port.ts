/** [pure] Ports as an instance has them: what the device chose in the place of a 0, and how texts refer to them. */
import type { Port, ProbePort } from "./workload.ts";

/** "${ports.http}" in commands, environment and probes. */
export const PORT_REFERENCE = /\$\{ports\.([A-Za-z0-9_-]+)\}/g;

/** Whether the two cannot both be had on one device. One that is not published, or chosen by the device, meets nobody. */
export function portsClash(a: Port, b: Port): boolean {
  if (a.host === null || a.host === 0 || a.host !== b.host || a.protocol !== b.protocol) return false;
  const anywhere = ["0.0.0.0", "::"];
  return a.hostAddress === b.hostAddress || anywhere.includes(a.hostAddress) || anywhere.includes(b.hostAddress);
}

/** The ports with every 0 replaced by what the device chose; `chosen` is in the order of `ports`. */
export function withAssignedPorts(ports: readonly Port[], chosen: readonly number[]): Port[] {
  return ports.map((port, index) => {
    if (port.host !== 0) return port;
    const number = chosen[index] ?? 0;
    return { ...port, host: number, container: number };
  });
}

/** The text with every reference to a named port replaced by its number; a name that is none is left as it is. */
export function substitutePorts(text: string, ports: readonly Port[]): string {
  return text.replace(PORT_REFERENCE, (whole, name) => {
    const port = ports.find((one) => one.name === name);
    return port === undefined ? whole : String(port.container);
  });
}

/** "8080/tcp" to 8080. */
export function portNumber(text: string): number {
  return Number.parseInt(text, 10);
}

/** Where a probe of an instance looks; `held` are the ports that it has, as "8080/tcp". Null when it has no such port. */
export function probedPort(port: ProbePort, held: readonly string[]): number | null {
  if (port.type === "fixed") return port.port;
  const text = held[port.index];
  return text === undefined ? null : portNumber(text);
}
