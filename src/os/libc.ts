/**
 * The few calls of the kernel that Deno has no function for, by way of glibc. Loaded on first use: it costs two
 * megabytes and ten milliseconds.
 */

const SYMBOLS = {
  syscall: { parameters: ["i64", "i64", "i64", "i64", "i64", "i64"], result: "i64" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  // On a thread of its own, so that waiting there blocks nothing here.
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32", nonblocking: true },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  malloc_trim: { parameters: ["usize"], result: "i32" },
  madvise: { parameters: ["usize", "usize", "i32"], result: "i32" },
} as const;

export type Libc = Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;

let loaded: Libc | null | undefined;

/** Null without glibc, or without the permission to call it: then everybody has a slower way. */
export function libc(): Libc | null {
  if (loaded !== undefined) return loaded;
  try {
    loaded = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch {
    loaded = null;
  }
  return loaded;
}

/** Numbers of the calls, the same on x86_64 and arm64: since 424 all architectures share them. */
const PIDFD_SEND_SIGNAL = 424n;
const PIDFD_OPEN = 434n;

/**
 * A handle of the process that has this pid now (pidfd_open(2), Linux 5.3): it never comes to mean another one. Null
 * when there is none, or the kernel has no such call. Close it with `closeHandle`.
 */
export function openPidfd(pid: number): number | null {
  const c = libc();
  if (c === null) return null;
  const fd = Number(c.syscall(PIDFD_OPEN, BigInt(pid), 0n, 0n, 0n, 0n));
  return fd < 0 ? null : fd;
}

/** Signals the very process of the handle (pidfd_send_signal(2)); false when it has ended. */
export function signalPidfd(handle: number, number: number): boolean {
  return libc()!.syscall(PIDFD_SEND_SIGNAL, BigInt(handle), BigInt(number), 0n, 0n, 0n) === 0n;
}

/** Signals a pid (kill(2)), for kernels without handles; false when it could not be sent. Null without glibc. */
export function killByPid(pid: number, number: number): boolean | null {
  const c = libc();
  return c === null ? null : c.kill(pid, number) === 0;
}

export function closePidfd(handle: number): void {
  libc()!.close(handle);
}

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
/** A receiver that is slow, or gone, neither stops nor ends us. */
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;

/**
 * One datagram to a Unix socket; "@" begins a name that no file has (unix(7)). False when it could not be sent. Deno's
 * own datagrams need a file of their own to send from, and a flag that is not stable.
 */
export function sendDatagram(address: string, text: string): boolean {
  const c = libc();
  const fd = c?.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) ?? -1;
  if (c === null || fd < 0) return false;
  try {
    const path = new TextEncoder().encode(address.startsWith("@") ? `\0${address.slice(1)}` : address);
    const name = new Uint8Array(2 + path.length);
    new DataView(name.buffer).setUint16(0, AF_UNIX, true);
    name.set(path, 2);
    const bytes = new TextEncoder().encode(text);
    const sent = c.sendto(fd, bytes, BigInt(bytes.length), MSG_DONTWAIT_NOSIGNAL, name, name.length);
    return sent === BigInt(bytes.length);
  } finally {
    c.close(fd);
  }
}

const CLOCK_MONOTONIC = 1;

/** Since the machine booted, as systemd counts; null where the kernel cannot be asked. */
export function monotonicMicroseconds(): bigint | null {
  const time = new BigInt64Array(2);
  if (libc()?.clock_gettime(CLOCK_MONOTONIC, new Uint8Array(time.buffer)) !== 0) return null;
  return time[0]! * 1_000_000n + time[1]! / 1000n;
}
