/** The git process alone, as it is started from source. The executable begins it in src/main.ts. */
import { runWorkerProgram } from "./worker_program.ts";

await runWorkerProgram();
