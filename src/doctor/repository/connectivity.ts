import { Failure } from "../../failure.ts";
import { join } from "node:path";
import { createSource } from "../../source/create_source.ts";
import type { Check } from "../check.ts";
import { ok, problem } from "../finding.ts";
import { systemCaBundle } from "./ca_bundle.ts";
import { shortId } from "../../model/git_ref.ts";

export type ConnectivityFacts =
  | { url: string; branch: string; revision: string; tookMs: number }
  | { url: string; branch: string; failure: Failure };

const WHERE = "look at the network, and at [repo] in config.toml";

/** One small request, as the daemon looks: reachable, authorised, and the branch is there. */
export const connectivity: Check<ConnectivityFacts, "settings"> = {
  group: "repository",
  name: "reach",
  needs: ["settings"],
  whenLate: problem("the repository's server does not answer", WHERE),
  async gather({ settings: { repo, dataDir }, env, clock }, signal) {
    const caFile = repo.caFile ?? await systemCaBundle(env);
    const gitDir = join(dataDir, "repository");
    try {
      // The folder is where a fetch would put things: a look at the head touches nothing of it.
      const source = createSource({ ...repo, caFile }, { gitDir, clock });
      const { url, branch } = source;
      const begun = clock.monotonic();
      try {
        return { url, branch, revision: await source.head(signal), tookMs: clock.monotonic() - begun };
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return { url, branch, failure: error };
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { url: repo.url, branch: repo.ref.name, failure: error };
    }
  },
  evaluate(facts) {
    if ("failure" in facts) {
      const { failure: { message, hint } } = facts;
      return [problem(message, hint ?? WHERE)];
    }
    const { branch, revision, tookMs } = facts;
    return [ok(`${branch} is at ${shortId(revision)}, told in ${Math.round(tookMs)} ms`)];
  },
};
