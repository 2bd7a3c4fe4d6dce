import { join } from "node:path";
import type { Check } from "../check.ts";
import { type Finding, orOk, warning } from "../finding.ts";
import { readText, runTool } from "../inspect_host.ts";

export interface KernelFacts {
  /** "6.1.0-18-arm64" */
  release: string;
  /** "glibc 2.36"; null where it is not told. */
  libc: string | null;
  arch: string;
}

export const kernel: Check<KernelFacts> = {
  group: "machine",
  name: "kernel",
  async gather({ root }, signal) {
    const [release, libc] = await Promise.all([
      readText(join(root, "proc/sys/kernel/osrelease")),
      runTool("getconf", ["GNU_LIBC_VERSION"], signal),
    ]);
    return {
      release: (release ?? Deno.osRelease()).trim(),
      libc: libc?.code === 0 ? libc.out : null,
      arch: Deno.build.arch,
    };
  },
  evaluate({ release, libc, arch }) {
    const found: Finding[] = [];
    const upgrade = "sudo apt-get full-upgrade, and restart the device";
    // https://man7.org/linux/man-pages/man2/pidfd_open.2.html
    if (isBefore(release, [5, 3])) {
      found.push(warning(`Linux ${release} has no pidfd: ends of services are noticed half a second late`, upgrade));
    }
    // https://docs.kernel.org/admin-guide/cgroup-v2.html, "cgroup.kill"
    if (isBefore(release, [5, 14])) {
      found.push(warning(`Linux ${release} has no cgroup.kill (5.14): limits of services are not enforced`, upgrade));
    }
    const named = libc === null ? "" : `, ${libc}`;
    return orOk(found, `Linux ${release} ${arch}${named}`);
  },
};

function isBefore(release: string, [major, minor]: [number, number]): boolean {
  const [, first, second] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  if (first === undefined) return false;
  return Number(first) < major || (Number(first) === major && Number(second) < minor);
}
