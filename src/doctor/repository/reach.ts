import { Failure } from "../../failure.ts";
import { join } from "node:path";
import { createSource } from "../../source/open.ts";
import type { Check } from "../check.ts";
import { ok, problem } from "../finding.ts";
import { systemAuthorities } from "./authorities.ts";

export type ReachFacts =
  | { url: string; branch: string; revision: string; tookMs: number }
  | { url: string; branch: string; failure: Failure };

const WHERE = "look at the network, and at [repo] in config.toml";

/** One small request, as the daemon looks: reachable, authorised, and the branch is there. */
export const reach: Check<ReachFacts, "settings"> = {
  group: "repository",
  name: "reach",
  needs: ["settings"],
  whenLate: problem("the repository's server does not answer", WHERE),
  async look({ settings: { repo, dataDir }, env, clock }, signal) {
    const caFile = repo.caFile ?? await systemAuthorities(env);
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
  judge(facts) {
    if ("failure" in facts) {
      const { failure: { message, hint } } = facts;
      return [problem(message, hint ?? WHERE)];
    }
    const { branch, revision, tookMs } = facts;
    return [ok(`${branch} is at ${revision.slice(0, 7)}, told in ${Math.round(tookMs)} ms`)];
  },
};
