/** Settings that are read again while the daemon runs. */
import { Failure } from "../failure.ts";
import type { ReloadAnswer, ReloadEnd } from "../http/control_app.ts";
import { logger } from "../log.ts";
import type { SettingsReload } from "../settings/reload_settings.ts";
import type { Settings } from "../settings/settings.ts";

const log = logger("daemon");

/** The answer must be on its way before the socket is closed. */
const ANSWER_MS = 100;

/** Outlives the daemons of a process, one of which follows the other. */
export class ConfigReload {
  /** What the daemon runs with, or the next one is to. */
  settings: Settings;
  /** Ends the daemon that runs, for the next one. */
  #endDaemon = () => {};
  readonly #renew: (current: Settings) => Promise<SettingsReload>;
  /** Those with which a daemon was ready last. */
  #good: Settings | null = null;
  #next: Settings | null = null;
  #failure: ReloadEnd & { type: "failed" } | null = null;
  #asked = 0;
  #taken = 0;
  #ended = 0;
  #end: ReloadEnd = { type: "done" };

  constructor(settings: Settings, renew: (current: Settings) => Promise<SettingsReload>) {
    this.settings = settings;
    this.#renew = renew;
  }

  /**
   * Reads them again. When something has changed, the daemon ends a moment later for the next one. What is wrong is
   * said, and changes nothing. Throws `port_conflict` when the page could not be served.
   */
  async request(): Promise<ReloadAnswer> {
    const renewal = await this.#renew(this.settings);
    if (renewal.type !== "changed") return renewal;
    const { settings, changed } = renewal;
    checkPort(this.settings, settings);
    log.info("settings have changed: {names}", { names: changed.join(", ") });
    this.#next = settings;
    this.#asked++;
    setTimeout(() => this.#endDaemon(), ANSWER_MS);
    return { type: "began", number: this.#asked, changed };
  }

  /** A daemon begins. Should there have been another wish meanwhile, it ends at once. */
  onDaemonStart(outcome: () => void): void {
    this.#endDaemon = outcome;
    if (this.#next !== null) setTimeout(outcome, ANSWER_MS);
  }

  /** The daemon has ended for them. */
  commit(): void {
    this.settings = this.#next ?? this.settings;
    this.#next = null;
    this.#taken = this.#asked;
  }

  /** A daemon could not start. False when there are no other settings to go back to. */
  revert({ message, hint = null }: { message: string; hint?: string | null | undefined }): boolean {
    if (this.#good === null || this.#good === this.settings) return false;
    this.#failure = { type: "failed", message, hint };
    this.settings = this.#good;
    return true;
  }

  /** A daemon is ready. */
  onReady(): void {
    this.#good = this.settings;
    this.#end = this.#failure ?? { type: "done" };
    this.#failure = null;
    this.#ended = this.#taken;
  }

  /** Null while it is under way. */
  outcome(number: number): ReloadEnd | null {
    return number <= this.#ended ? this.#end : null;
  }
}

/** Found before anything ends for it. Who listens on the port already is, as a rule, the daemon itself. */
function checkPort(before: Settings, { listenAddress: hostname, listenPort: port }: Settings): void {
  if (port === before.listenPort) return;
  try {
    Deno.listen({ hostname, port }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Failure(`port ${port} on ${hostname} is taken by another program`, {
      kind: "refused",
      reason: "port_conflict",
      hint: "set listen_port in config.toml to another port; the settings before stay in force",
      cause: error,
    });
  }
}
