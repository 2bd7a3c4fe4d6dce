/** `[native]`: ports and users for services that name none. */
import { fields, type InferComplete } from "../../schema/field_table.ts";
import { orOff, range } from "../../schema/range.ts";
import { setting } from "../section.ts";
import type { Settings } from "../settings.ts";

const PORTS = range({ min: 1, max: 65_535, example: "20000-29999" });

/** Users below 1000 belong to the system; https://systemd.io/UIDS-GIDS/ reserves two more. */
const USERS = range({
  min: 1000,
  max: 4_294_967_293,
  example: "64000-64999",
  without: { 65_534: 'the user "nobody"', 65_535: "the 16-bit word for no user" },
});

export const NATIVE = {
  name: "native",
  fields: fields({
    port_range: setting(PORTS, { from: 20_000, to: 29_999 }, "Where ports of services that name none come from"),
    uid_range: setting(
      orOff(USERS),
      { from: 64_000, to: 64_999 },
      'Each service that names no user runs as one of these; "off": as the daemon',
    ),
  }),
};

type Values = InferComplete<typeof NATIVE.fields>;

export function nativeOf(values: Values): Settings["native"] {
  return { portRange: values.port_range, uidRange: values.uid_range };
}
