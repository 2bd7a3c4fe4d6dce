/** A mistake in something a person wrote, with all that is needed to mend it. */
export interface Problem {
  /** As the reader knows the file: a path in the repository, or of config.toml. */
  file: string;
  /** Both count from 1. Absent where the mistake is in no single place. */
  line?: number;
  column?: number;
  /** Path of the field, like `health.interval` or `ports[0]`; empty for the file as a whole. */
  field: string;
  /** What is wrong, quoting the value, and what is allowed; no final period. */
  message: string;
  /** One concrete thing to do. */
  hint?: string;
}

/** `file:line:col: field: message`, without the hint. */
export function problemLine(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(":");
  return [place, problem.field, problem.message].filter((part) => part !== "").join(": ");
}
