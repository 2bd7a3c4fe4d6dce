/** Where desired state comes from, and how far this device is with it. */
import type { SourceStatus } from "../src/model/snapshot.ts";
import { Ago } from "./time_ago.tsx";
import { shortId } from "../src/model/git_ref.ts";

export function SourceLine({ source, now }: { source: SourceStatus; now: number }) {
  const { applied, attempted } = source;
  return (
    <section class="source" aria-label="Repository">
      <div class="url wrap">
        {source.url}{" "}
        <span class="quiet">{source.branch}{source.path === "" || source.path === "." ? "" : `, ${source.path}`}</span>
      </div>
      <div class="small quiet wrap">
        {applied === null ? "Nothing applied yet" : (
          <>
            Applied <code>{shortId(applied)}</code>
          </>
        )}
        {source.subject !== null && attempted === applied && ` “${source.subject}” by ${source.author}`}
        {attempted !== null && attempted !== applied && (
          <>
            , working on <code>{shortId(attempted)}</code>
            {source.subject !== null && ` “${source.subject}”`}
          </>
        )}
        {source.signer !== null && `, signed by ${source.signer}`}
        {source.last_sync_at !== null && (
          <>
            , looked <Ago at={source.last_sync_at} now={now} />
          </>
        )}
      </div>
      {source.delayed !== null && <div class="small wrap">{source.delayed.message}</div>}
      {source.progress !== null && <div class="progress small">{source.progress}</div>}
      {source.error !== null && (
        <div class="error small wrap">
          {source.error.message} <code>{source.error.reason}</code>
          {source.error.hint !== null && <div class="hint">Hint: {source.error.hint}</div>}
        </div>
      )}
    </section>
  );
}
