/** Times as people say them: "12 s ago", with the exact one behind. */

/** "12 s", "5 min", "3 h", "2 d" */
export function span(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** "0.4 s", then as `span`: of what may take less than a second. */
export function shortSpan(seconds: number): string {
  return seconds < 10 ? `${Math.max(0, seconds).toFixed(1)} s` : span(seconds);
}

export function Ago({ at, now }: { at: string; now: number }) {
  const seconds = (now - Date.parse(at)) / 1000;
  return <time datetime={at} title={at}>{span(seconds)} ago</time>;
}

export function In({ at, now }: { at: string; now: number }) {
  const seconds = (Date.parse(at) - now) / 1000;
  return <time datetime={at} title={at}>{seconds < 1 ? "now" : `in ${span(seconds)}`}</time>;
}

/** How long it has been up. */
export function Up({ since, now }: { since: string; now: number }) {
  return <time datetime={since} title={`since ${since}`}>{span((now - Date.parse(since)) / 1000)}</time>;
}
