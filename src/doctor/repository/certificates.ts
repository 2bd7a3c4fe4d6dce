import { X509Certificate } from "node:crypto";
import type { Check } from "../check.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import { readError, readText } from "../inspect_host.ts";
import { bundleFile } from "./ca_bundle.ts";

/** What a file of certificates holds, as seen by this device's clock. */
export interface Bundle {
  file: string;
  /** Null where it can be read. */
  unreadable: string | null;
  valid: number;
  expired: number;
  /** Begin later than now. */
  future: number;
}

export interface CertificateFacts {
  /** Null where nothing is asked over https. */
  host: string | null;
  /** Null where the system has none. */
  system: Bundle | null;
  /** `[repo] ca_file`; null where none is named. */
  own: Bundle | null;
  /** Whether the running daemon believes the system's; null where that cannot be seen. */
  isSystemUsed: boolean | null;
}

export const certificates: Check<CertificateFacts, "settings"> = {
  group: "repository",
  name: "certificates",
  needs: ["settings"],
  async gather({ settings: { repo }, snapshot, env, root, clock }) {
    const file = await bundleFile(env, root);
    return {
      host: repo.url.startsWith("https:") ? new URL(repo.url).host : null,
      system: file === null ? null : await bundleOf(file, clock.now()),
      own: repo.caFile === null ? null : await bundleOf(repo.caFile, clock.now()),
      isSystemUsed: await usesSystemStore(snapshot?.daemon.pid ?? null),
    };
  },
  evaluate({ host, system, own, isSystemUsed }) {
    if (host === null) return [ok("not used")];
    const found = [...(own === null ? [] : judgeOwn(own)), ...judgeSystem(system)];
    if (isSystemUsed === false) {
      const hint = "sudo systemctl edit harbornode: [Service] and Environment=DENO_TLS_CA_STORE=system";
      found.push(warning("the daemon does not use the authorities of this system", hint));
    }
    return found.length > 0 ? found : [ok(`${system!.valid} authorities in ${system!.file}`)];
  },
};

function judgeSystem(system: Bundle | null): Finding[] {
  const install = "sudo apt-get install --reinstall ca-certificates";
  if (system === null) return [problem("this device knows no certificate authority", install)];
  const { file, unreadable, valid, expired, future } = system;
  if (unreadable !== null) return [problem(`"${file}" ${unreadable}`, `sudo chmod 644 ${file}`)];
  if (valid + expired + future === 0) return [problem(`"${file}" holds no certificate`, install)];
  // Some of a good store have always expired; when most have, it is the clock that is elsewhere.
  if (valid < expired + future) {
    const why = future > expired ? "are not valid yet" : "have expired";
    return [
      problem(`most authorities ${why}, by the clock of this device`, "set the clock: sudo timedatectl set-ntp true"),
    ];
  }
  return [];
}

function judgeOwn({ file, unreadable, valid, expired, future }: Bundle): Finding[] {
  const named = `ca_file "${file}"`;
  if (unreadable !== null) return [problem(`${named} ${unreadable}`, `sudo chmod 644 ${file}`)];
  if (valid > 0) return [];
  if (expired + future === 0) return [problem(`${named} holds no certificate`, "put the authority there in PEM form")];
  return [warning(`${named} holds no certificate that is valid now`, "put the authority's newest certificate there")];
}

/** Of root's processes only root sees it. */
async function usesSystemStore(pid: number | null): Promise<boolean | null> {
  const text = pid === null ? null : await readText(`/proc/${pid}/environ`);
  return text === null ? null : /(^|\0)DENO_TLS_CA_STORE=[^\0]*system/.test(text);
}

async function bundleOf(file: string, now: number): Promise<Bundle> {
  const counts = { valid: 0, expired: 0, future: 0 };
  const text = await readText(file);
  const unreadable = text === null ? await readError(file) : null;
  for (const [pem] of (text ?? "").matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)) {
    const validity = validityOf(pem, now);
    if (validity !== null) counts[validity]++;
  }
  return { file, unreadable, ...counts };
}

/** Null for what is no certificate. */
function validityOf(pem: string, now: number): "valid" | "expired" | "future" | null {
  try {
    const { validFrom, validTo } = new X509Certificate(pem);
    if (now > Date.parse(validTo)) return "expired";
    return now < Date.parse(validFrom) ? "future" : "valid";
  } catch {
    return null;
  }
}
