/** What was sent to each target: alerts, and commit statuses. The only writer of that part of the notification state. */
import { canonical } from "../model/fingerprint.ts";
import type { NotifyState, SentMessage } from "../store/notify_state.ts";
import type { CommitState } from "./commit_state.ts";

/** Enough for the revisions that are pending, and those that somebody looks at. */
const MAX_STATES = 20;

export class SentRecord {
  readonly #state: Pick<NotifyState, "told" | "states">;

  /** Forgets targets that are not in `targets`. */
  constructor(state: Pick<NotifyState, "told" | "states">, targets: { has(target: string): boolean }) {
    this.#state = state;
    const told = Object.entries(this.#state.told).filter(([target]) => targets.has(target));
    this.#state.told = Object.fromEntries(told);
  }

  /** Commit statuses that were sent last, oldest first. */
  get states(): readonly CommitState[] {
    return this.#state.states;
  }

  /** Alerts that were sent to a target, by their key. */
  alertsOf(target: string): Record<string, SentMessage> {
    return this.#state.told[target] ?? {};
  }

  recordAlerts(target: string, alerts: Record<string, SentMessage>): void {
    this.#state.told[target] = alerts;
  }

  /** Replaces the status of the same revision. */
  recordState(state: CommitState): void {
    const others = this.#state.states.filter(({ revision }) => revision !== state.revision);
    this.#state.states = [...others, state].slice(-MAX_STATES);
  }

  /** A text that differs when the record has changed. */
  signature(): string {
    return canonical([this.#state.told, this.#state.states]);
  }
}
