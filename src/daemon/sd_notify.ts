/**
 * What the daemon tells systemd of itself, by the protocol of sd_notify(3):
 * https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 */
import { monotonicMicroseconds, sendDatagram } from "../os/libc.ts";

/** Variables that are for this process alone. Whoever inherits them could speak in its name. */
const OWN = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

export interface SdNotifyOptions {
  /** Where systemd listens; null: nobody does, and nothing is ever sent. */
  socket: string | null;
  /** Within which it wants a sign of life; null: it does not. */
  watchdogMs?: number | null;
  send?: (socket: string, text: string) => boolean;
}

/** Sends what has changed, and nothing twice; but for the sign of life. Never throws, and waits for nothing. */
export class SdNotify {
  readonly watchdogMs: number | null;
  readonly #socket: string | null;
  readonly #send: (socket: string, text: string) => boolean;
  #status = "";

  constructor({ socket, watchdogMs = null, send = sendDatagram }: SdNotifyOptions) {
    this.#socket = socket;
    this.watchdogMs = socket === null ? null : watchdogMs;
    this.#send = send;
  }

  /** As the environment has it. Takes the variables out of it, so that no child of ours gets them. */
  static take(env: Pick<Deno.Env, "get" | "delete">, pid: number): SdNotify {
    const [socket, microseconds, meant] = OWN.map((name) => env.get(name));
    for (const name of OWN) env.delete(name);
    const watchdogMs = Number(microseconds) / 1000;
    const isOurs = watchdogMs > 0 && (meant === undefined || Number(meant) === pid);
    const address = socket !== undefined && /^[/@]./.test(socket) ? socket : null;
    return new SdNotify({ socket: address, watchdogMs: isOurs ? watchdogMs : null });
  }

  /** Whether anybody listens. */
  get isEnabled(): boolean {
    return this.#socket !== null;
  }

  ready(): void {
    this.#say("READY=1");
  }

  /** Until `ready`. */
  reloading(): void {
    this.#say(`RELOADING=1\nMONOTONIC_USEC=${monotonicMicroseconds() ?? 0n}`);
  }

  stopping(): void {
    this.#say("STOPPING=1");
  }

  /** The line that `systemctl status` shows. */
  status(text: string): void {
    if (text === this.#status) return;
    this.#status = text;
    this.#say(`STATUS=${text.replaceAll("\n", " ")}`);
  }

  /** What is under way, a start or a stop, may take this much longer from now on. */
  extend(ms: number): void {
    this.#say(`EXTEND_TIMEOUT_USEC=${Math.round(ms * 1000)}`);
  }

  alive(): void {
    this.#say("WATCHDOG=1");
  }

  #say(text: string): void {
    if (this.#socket !== null) this.#send(this.#socket, text);
  }
}
