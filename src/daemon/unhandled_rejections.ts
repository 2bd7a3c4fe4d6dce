/**
 * The last line of defence: a promise that is rejected with nobody to handle it, or an error out of a timer, is a defect,
 * and by default ends the process. A supervisor that ends costs more than the defect, so both are reported, and it goes
 * on.
 */
import { logger, redactSecrets } from "../log.ts";

const log = logger("daemon");

/** Until it is disposed of. `told` hears of each in one sentence. */
export function reportUnhandled(told: (message: string) => void): Disposable {
  const report = (what: string, error: unknown) => {
    const text = redactSecrets(error instanceof Error ? error.stack ?? error.message : String(error));
    log.error("unhandled {what}; please report this: {text}", { what, text });
    told(`HarborNode has a defect, and goes on: ${text.split("\n")[0]}`);
  };
  const rejected = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    report("rejection", event.reason);
  };
  const thrown = (event: ErrorEvent) => {
    event.preventDefault();
    report("error", event.error);
  };
  globalThis.addEventListener("unhandledrejection", rejected);
  globalThis.addEventListener("error", thrown);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("unhandledrejection", rejected);
      globalThis.removeEventListener("error", thrown);
    },
  };
}
