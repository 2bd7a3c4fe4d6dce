/** [pure] What a check says: how it is, in one sentence, and what to do about what is not well. */

export type Finding =
  | { verdict: "ok"; message: string }
  /** Could not be looked at, by this user or from here; nothing is known to be wrong. */
  | { verdict: "skipped"; message: string; hint: string | null }
  /** Works, and will not always, or not as well as it could. */
  | { verdict: "warning"; message: string; hint: string }
  /** Does not work. */
  | { verdict: "problem"; message: string; hint: string };

export function ok(message: string): Finding {
  return { verdict: "ok", message };
}

/** Null as a hint where another check says what to do. */
export function skipped(message: string, hint: string | null): Finding {
  return { verdict: "skipped", message, hint };
}

/** `hint` is one command or one edit. */
export function warning(message: string, hint: string): Finding {
  return { verdict: "warning", message, hint };
}

export function problem(message: string, hint: string): Finding {
  return { verdict: "problem", message, hint };
}

/** What is wrong; `ok` where nothing is. */
export function orOk(findings: Finding[], message: string): Finding[] {
  return findings.length > 0 ? findings : [ok(message)];
}
