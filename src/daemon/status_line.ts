/** [pure] The device in one line, as `systemctl status` shows it: the revision, how many are healthy, what is wrong. */
import { oneLine } from "../model/escape.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { groups } from "../model/workload_groups.ts";
import { shortId } from "../model/git_ref.ts";

/** A terminal's width, and what systemctl writes before it. */
const MOST_SUBJECT = 50;

export function statusLine({ device, source, workloads, pending_removal }: Snapshot): string {
  const { well, attention, moving } = groups(workloads);
  const [first] = attention;
  const count = workloads.length === 0 ? "nothing to run" : `${well.length} of ${workloads.length} healthy`;
  const wrong = first !== undefined
    ? `${first.name}: ${first.message}`
    : source.error !== null
    ? source.error.message
    : pending_removal !== null
    ? `removal of ${pending_removal.names.join(", ")} is pending`
    : moving.length > 0
    ? `${moving[0]!.name}: ${moving[0]!.message}`
    : null;
  const unsaved = device.state_unsaved === null ? [] : [device.state_unsaved.message];
  return oneLine([...unsaved, revision(source), wrong === null ? count : `${count}; ${wrong}`].join("; "));
}

function revision({ planned, attempted, subject }: Snapshot["source"]): string {
  if (planned === null) return "no revision yet";
  if (!/^[0-9a-f]{40,}$/.test(planned)) return planned;
  if (subject === null || planned !== attempted) return shortId(planned);
  const short = subject.length > MOST_SUBJECT ? `${subject.slice(0, MOST_SUBJECT - 1).trimEnd()}…` : subject;
  return `${shortId(planned)} ${short}`;
}
