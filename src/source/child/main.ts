/** The git process alone, as it is started from source. The executable begins it in src/main.ts. */
import { runGitProgram } from "./program.ts";

await runGitProgram();
