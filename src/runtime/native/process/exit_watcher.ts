/**
 * Tells of the end of processes that are no children of ours: by a pidfd each and one thread that waits for all of them
 * (epoll(7)), else by looking now and then.
 */
import { closePidfd, type Libc, libc, openPidfd } from "../../../os/libc.ts";
import { isAlive, type ProcessHandle } from "../../../os/pidfd.ts";

/** Where the kernel tells nothing: often enough for a person, and a thousandth of a core for two hundred services. */
const LOOK_EVERY_MS = 500;

const EPOLLIN = 1;
const ADD = 1;
const CLOEXEC = 0o2000000;
/** struct epoll_event: packed on x86_64 alone (epoll_event(3type)). */
const [EVENT_BYTES, DATA_AT] = Deno.build.arch === "x86_64" ? [12, 4] : [16, 8];
const EVENTS = 64;

export class ExitWatcher {
  readonly #waiter: Waiter | null;
  readonly #looked = new Map<ProcessHandle, () => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** `byLooking` is for machines, and tests, without pidfd. */
  constructor({ byLooking = false }: { byLooking?: boolean } = {}) {
    this.#waiter = byLooking ? null : Waiter.open();
  }

  /** Calls back once when the process has ended, which may be at once; not after `close`. */
  async watch(identity: ProcessHandle, ended: () => void): Promise<void> {
    const handle = this.#waiter === null ? null : openPidfd(identity.pid);
    // Looked at after the handle was opened: now the two mean the same process, or it is another one's pid.
    if (!await isAlive(identity)) {
      if (handle !== null) closePidfd(handle);
      if (!this.#closed) ended();
      return;
    }
    if (this.#closed) {
      if (handle !== null) closePidfd(handle);
      return;
    }
    if (handle !== null && this.#waiter!.add(handle, ended)) return;
    this.#looked.set(identity, ended);
    this.#look();
  }

  /** Returns when no thread of it is left. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#looked.clear();
    await this.#waiter?.close();
  }

  #look(): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(async () => {
      this.#timer = undefined;
      for (const [identity, ended] of [...this.#looked]) {
        if (await isAlive(identity) || !this.#looked.delete(identity)) continue;
        ended();
      }
      if (this.#looked.size > 0) this.#look();
    }, LOOK_EVERY_MS);
    Deno.unrefTimer(this.#timer);
  }
}

/** One epoll instance, and the thread that waits in it from the first process on. */
class Waiter {
  readonly #libc: Libc;
  readonly #epoll: number;
  readonly #bell: number;
  readonly #ended = new Map<number, () => void>();
  #waiting: Promise<void> | null = null;
  #closed = false;

  private constructor(libc: Libc, { epoll, bell }: { epoll: number; bell: number }) {
    this.#libc = libc;
    this.#epoll = epoll;
    this.#bell = bell;
  }

  static open(): Waiter | null {
    const probe = openPidfd(Deno.pid);
    if (probe === null) return null;
    closePidfd(probe);
    const c = libc()!;
    const epoll = c.epoll_create1(CLOEXEC);
    if (epoll < 0) return null;
    const bell = c.eventfd(0, CLOEXEC);
    const waiter = new Waiter(c, { epoll, bell });
    if (bell >= 0 && waiter.#listen(bell)) return waiter;
    c.close(epoll);
    return null;
  }

  add(handle: number, ended: () => void): boolean {
    if (!this.#listen(handle)) {
      closePidfd(handle);
      return false;
    }
    this.#ended.set(handle, ended);
    this.#waiting ??= this.#wait();
    return true;
  }

  /** The thread is woken, and everything freed when it has left. */
  async close(): Promise<void> {
    const isFirst = !this.#closed;
    this.#closed = true;
    if (isFirst && this.#waiting === null) this.#free();
    else if (isFirst) this.#libc.write(this.#bell, new Uint8Array(new BigUint64Array([1n]).buffer), 8n);
    await this.#waiting;
  }

  #listen(fd: number): boolean {
    const event = new Uint8Array(EVENT_BYTES);
    const view = new DataView(event.buffer);
    view.setUint32(0, EPOLLIN, true);
    view.setUint32(DATA_AT, fd, true);
    return this.#libc.epoll_ctl(this.#epoll, ADD, fd, event) === 0;
  }

  async #wait(): Promise<void> {
    const events = new Uint8Array(EVENT_BYTES * EVENTS);
    const view = new DataView(events.buffer);
    while (!this.#closed) {
      // An interrupted wait (EINTR) tells nothing, and is begun again.
      const count = await this.#libc.epoll_wait(this.#epoll, events, EVENTS, -1);
      for (let index = 0; index < count; index++) {
        const fd = view.getUint32(index * EVENT_BYTES + DATA_AT, true);
        const ended = this.#ended.get(fd);
        if (ended === undefined) continue;
        this.#ended.delete(fd);
        // Closing it takes it out of the set as well.
        closePidfd(fd);
        if (!this.#closed) ended();
      }
    }
    this.#free();
  }

  #free(): void {
    for (const fd of [...this.#ended.keys(), this.#bell, this.#epoll]) this.#libc.close(fd);
    this.#ended.clear();
  }
}
