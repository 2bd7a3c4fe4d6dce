/** A program to be killed: fetches once and prints a line as soon as objects are on their way. Arguments: URL, folder. Waits long. */
import { systemClock } from "../../src/clock.ts";
import { createSource } from "../../src/source/create_source.ts";
import { FOREVER, sourceSettings } from "./fleet.ts";

const [url = "", gitDir = ""] = Deno.args;
const source = createSource(sourceSettings(url, { timeoutMs: 300_000 }), { gitDir, clock: systemClock });
const id = await source.head(FOREVER);
const said = new Set<string>();
await source.fetch(id, (message) => {
  if (said.size === 0) Deno.stdout.write(new TextEncoder().encode(`${message}\n`));
  said.add(message);
}, FOREVER);
