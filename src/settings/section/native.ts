/** `[native]`: what services are given where they name nothing themselves. */
import type { Table } from "../../schema/diagnostic.ts";
import { orOff, range } from "../../schema/range.ts";
import { type Section, setting } from "../section.ts";
import type { Range, Settings } from "../settings.ts";

const PORTS = range({ min: 1, max: 65_535, example: "20000-29999" });

/** Below 1000 are the system's own users: https://systemd.io/UIDS-GIDS/ names these and the two that nobody may have. */
const USERS = range({
  min: 1000,
  max: 4_294_967_293,
  example: "64000-64999",
  without: { 65_534: 'the user "nobody"', 65_535: "the 16-bit word for no user" },
});

export const NATIVE: Section = {
  name: "native",
  fields: [
    setting("port_range", PORTS, { from: 20_000, to: 29_999 }, "Where ports of services that name none come from"),
    setting(
      "uid_range",
      orOff(USERS),
      { from: 64_000, to: 64_999 },
      'Each service that names no user runs as one of these; "off": as the daemon',
    ),
  ],
};

export function nativeOf(read: Table): Settings["native"] {
  return { portRange: read.port_range as Range, uidRange: read.uid_range as Range | null };
}
