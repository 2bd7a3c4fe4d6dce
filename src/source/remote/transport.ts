/** The contract of a way to a git server: http, or ssh. Speaks bytes; what they mean is said elsewhere. */

export interface Transport {
  /** True where a server speaks first: `greet` comes before the one `ask` that follows it. */
  readonly isGreeting: boolean;
  /**
   * What a server says of itself: what it can do in version 2 of the protocol, or an older one's list of all refs. Where
   * `version` is 0, it is not asked for version 2.
   */
  greet(version: 0 | 2): AsyncIterator<Uint8Array>;
  /** Sends a request in the version of the protocol that the server greeted with, and streams the answer. */
  ask(request: Uint8Array<ArrayBuffer>, version: 0 | 2): AsyncIterator<Uint8Array>;
  /** Ends what is under way. Never throws. */
  close(): Promise<void>;
}

/** Opens a way for one conversation. */
export type Connect = (signal: AbortSignal) => Promise<Transport>;
