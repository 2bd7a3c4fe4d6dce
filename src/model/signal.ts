/**
 * Signals of signal(7) by name and number. The numbers are those of x86_64 and arm64. Real-time signals begin at 34, since
 * glibc keeps 32 and 33 for its threads, and have the names that Docker and `kill -l` use: SIGRTMIN+1 to SIGRTMIN+15, then
 * SIGRTMAX-14 to SIGRTMAX.
 */

const STANDARD = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

/** Second names of signal(7). */
const SYNONYMS = { SIGIOT: "SIGABRT", SIGCLD: "SIGCHLD", SIGPOLL: "SIGIO", SIGUNUSED: "SIGSYS" } as const;

const RTMIN = 34;
const RTMAX = 64;
/** The last signal that is named after SIGRTMIN. */
const LAST_OF_RTMIN = RTMIN + 15;

export type SignalName = keyof typeof STANDARD | "SIGRTMIN" | `SIGRTMIN+${number}` | "SIGRTMAX" | `SIGRTMAX-${number}`;

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ...Object.entries(STANDARD),
  ...Array.from({ length: RTMAX - RTMIN + 1 }, (_, index): [string, number] => {
    const number = RTMIN + index;
    return [realTimeName(number), number];
  }),
]);

const NAMES: ReadonlyMap<number, SignalName> = new Map(
  [...NUMBERS].map(([name, number]) => [number, name as SignalName]),
);

/** All names, each once, sorted by number. */
export const SIGNAL_NAMES: readonly SignalName[] = [...NAMES.values()];

/** Names that `signalNamed` accepts beside those of `SIGNAL_NAMES`. */
export const SIGNAL_SYNONYMS: readonly string[] = Object.keys(SYNONYMS);

/**
 * The signal that a text or a number stands for, as Docker and systemd read it: with or without SIG, in any case, also a
 * number, and "RTMIN+N" or "RTMAX-N" for each real-time signal. Null for everything else.
 */
export function signalNamed(value: string | number): SignalName | null {
  const text = String(value).toUpperCase();
  if (/^\d{1,2}$/.test(text)) return NAMES.get(Number(text)) ?? null;
  const name = text.startsWith("SIG") ? text : `SIG${text}`;
  if (NUMBERS.has(name)) return name as SignalName;
  if (Object.hasOwn(SYNONYMS, name)) return SYNONYMS[name as keyof typeof SYNONYMS];
  const [, end, offset] = /^SIG(RTMIN\+|RTMAX-)(\d{1,2})$/.exec(name) ?? [];
  if (end === undefined) return null;
  const number = end === "RTMIN+" ? RTMIN + Number(offset) : RTMAX - Number(offset);
  return number < RTMIN || number > RTMAX ? null : NAMES.get(number)!;
}

export function signalNumber(name: SignalName): number {
  return NUMBERS.get(name)!;
}

function realTimeName(number: number): string {
  if (number <= LAST_OF_RTMIN) return number === RTMIN ? "SIGRTMIN" : `SIGRTMIN+${number - RTMIN}`;
  return number === RTMAX ? "SIGRTMAX" : `SIGRTMAX-${RTMAX - number}`;
}
