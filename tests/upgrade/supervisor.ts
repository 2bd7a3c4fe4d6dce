/**
 * The least that starts a daemon again and again, as systemd does with the unit: with the unit's own guard before each
 * start. Every other word goes to the executable, so that it can stand for it.
 */
import { join } from "node:path";
import { guardOf } from "./guard.ts";

/** Writes it into the folder, and returns its path. The executable is `harbornode` in there. */
export async function writeSupervisor(directory: string): Promise<string> {
  const { startPre } = await guardOf(directory);
  const path = join(directory, "supervisor");
  const text = `#!/bin/sh
test "$1" = run || exec '${directory}/harbornode' "$@"
trap 'stop=yes; kill $child' TERM
while test -z "$stop"; do
  sh -c '${startPre}'
  INVOCATION_ID=test '${directory}/harbornode' "$@" & child=$!
  echo $child >'${directory}/pid'
  wait $child; code=$?
  while kill -0 $child 2>/dev/null; do wait $child; code=$?; done
  test $code -ne 6 || exit 6
  sleep 0.1
done
`;
  await Deno.writeTextFile(path, text, { mode: 0o755 });
  return path;
}
