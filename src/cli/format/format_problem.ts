/** [pure] Problems as text: all of them, each with its place and its hint, and a count. */
import { type Problem, problemLine } from "../../model/problem.ts";

export function formatProblems(problems: readonly Problem[]): string {
  const lines = problems.flatMap((problem) => [
    `error: ${problemLine(problem)}`,
    ...(problem.hint === undefined ? [] : [`  hint: ${problem.hint}`]),
  ]);
  const files = new Set(problems.map((problem) => problem.file)).size;
  const count = `${problems.length} problem${problems.length === 1 ? "" : "s"} in ${files} file${
    files === 1 ? "" : "s"
  }`;
  return [...lines, count].join("\n");
}
