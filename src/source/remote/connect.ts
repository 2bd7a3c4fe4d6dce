/** The way to a repository, as the settings name it. */
import type { Clock } from "../../clock.ts";
import { Failure } from "../../failure.ts";
import type { Credentials, SshLocation } from "../repository_location.ts";
import { HttpTransport } from "./http_transport.ts";
import type { ReceiveBudget } from "./receive_budget.ts";
import { SshTransport } from "./ssh_transport.ts";
import type { Connect } from "./transport.ts";

/** All that is needed to get there; plain data, so that it can be handed to another process. */
export type Access =
  | {
    type: "http";
    /** Clean. */
    url: string;
    credentials: Credentials | null;
    /** Absolute. */
    caFile: string | null;
    proxy: string | null;
  }
  | { type: "ssh"; url: string; location: SshLocation; keyFile: string | null; knownHostsFile: string | null };

export interface Bounds {
  /** Longest silence in an answer. */
  silenceMs: number;
  /** Shared by all conversations. */
  budget: ReceiveBudget;
  clock: Clock;
}

export function connector(access: Access, { silenceMs, budget, clock }: Bounds): Connect {
  return async (signal) => {
    if (access.type === "ssh") return new SshTransport({ ...access, silenceMs, budget, clock, signal });
    const caCerts = access.caFile === null ? null : await certificates(access.caFile, access.url);
    return new HttpTransport({ ...access, caCerts, silenceMs, budget, clock, signal });
  };
}

/** Read anew for each conversation: a certificate that was replaced counts at once. */
async function certificates(file: string, url: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "is not there" : "cannot be read";
    throw new Failure(`The certificates for "${url}" cannot be used: "${file}" ${why}`, {
      kind: "refused",
      reason: "repo_unreachable",
      hint: "name a file with certificates in PEM form as [repo] ca_file",
    });
  }
}
