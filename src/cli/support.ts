import { join, resolve } from "node:path";
import { archive, type Entry } from "../doctor/bundle/bundle_archive.ts";
import { collect } from "../doctor/bundle/collect.ts";
import type { DoctorContext } from "../doctor/check.ts";
import { CHECKS } from "../doctor/checks.ts";
import { workloadFacts } from "../doctor/daemon/failed_workloads.ts";
import { runChecks } from "../doctor/run_checks.ts";
import { Failure } from "../failure.ts";
import { readError } from "../settings/secret_setting.ts";
import { type Command, CONFIG_FLAG } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT } from "./exit_code.ts";
import { settingsLocation } from "./load_settings.ts";
import { doctorObject, formatDoctor } from "./format/format_doctor.ts";
import { wrap } from "./format/wrap.ts";
import { doctorContext } from "./doctor_context.ts";

export const support: Command = {
  name: "support",
  usage: "[--output FILE] [--with-logs]",
  summary: "Write what a bug report needs into one file, without secrets",
  options: [
    { flag: "--output FILE", doc: "where to (default: harbornode-support-TIME.tar.gz in the folder that you are in)" },
    { flag: "--with-logs", doc: "what failing workloads wrote as well, which may be anything" },
    ...CONFIG_FLAG.options,
  ],
  flags: { output: { type: "string" }, "with-logs": { type: "boolean" }, ...CONFIG_FLAG.flags },
  positionals: { min: 0, max: 0 },
  async run(input) {
    const { flags, signal, note, out } = input;
    const context = await doctorContext(input);
    const at = context.clock.now();
    const name = `harbornode-support-${
      new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")
    }`;
    const path = resolve(typeof flags.output === "string" ? flags.output : `${name}.tar.gz`);
    note("looking at this machine ...");
    const withOutput = flags["with-logs"] === true;
    const examined = await runChecks(CHECKS, context, { signal });
    const more: Entry[] = [
      { name: "doctor.txt", text: formatDoctor(examined) },
      { name: "doctor.json", text: JSON.stringify(doctorObject(examined), null, 2) },
      ...(withOutput ? await logsOf(context, signal) : []),
    ];
    const config = context.settings?.file ?? resolve((await settingsLocation({ flags })).file ?? "config.toml");
    const entries = await collect(context, { config, more, withOutput, signal });
    out(showEntries(entries, withOutput));
    await write(path, await archive(entries, { directory: name, at }));
    out(`\nwritten to ${path}`);
    note(
      wrap("Look through it before you send it to anybody: secrets were taken out as far as they are known here.", 0)
        .join("\n"),
    );
    return EXIT.done;
  },
};

function showEntries(entries: readonly Entry[], withOutput: boolean): string {
  const width = Math.max(...entries.map(({ name }) => name.length));
  return [
    ...entries.map(({ name, text }) => `${name.padEnd(width)}  ${new TextEncoder().encode(text).length} B`),
    ...(withOutput ? [] : wrap("left out: what workloads wrote (--with-logs)", 0)),
  ].join("\n");
}

/** Never over a file that is there. */
async function write(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await Deno.writeFile(path, bytes, { createNew: true, mode: 0o600 });
  } catch (error) {
    const isThere = error instanceof Deno.errors.AlreadyExists;
    throw new Failure(`"${path}" ${isThere ? "is there already" : `cannot be written: ${readError(error)}`}`, {
      kind: "refused",
      reason: "permission_denied",
      hint: "name another file with --output",
      cause: error,
    });
  }
}

/** The last lines of each workload that somebody has to look at. */
async function logsOf({ settings, snapshot }: DoctorContext, signal: AbortSignal): Promise<Entry[]> {
  if (settings === null || snapshot === null) return [];
  using daemon = new ControlClient(settings);
  const entries: Entry[] = [];
  for (const name of workloadFacts(snapshot).failing) {
    const lines: string[] = [];
    const path = `/workloads/${encodeURIComponent(name)}/logs?tail=200`;
    for await (const line of daemon.lines<{ text?: string }>(path, { signal })) lines.push(JSON.stringify(line));
    entries.push({ name: join("logs", `${name}.jsonl`), text: lines.join("\n") });
  }
  return entries;
}
