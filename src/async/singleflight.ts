/**
 * One look at the device for all who ask at about the same time: 200 services that start together ask the same questions
 * about users, programs and folders, and asking the kernel costs more than everything else about a start.
 */

/** Long enough for a boot; short enough that who mends something and tries again is believed. */
const KEPT_MS = 1000;

/**
 * What `look` finds, or found at most a second ago. For answers that may be that old; one that nobody could give is not
 * kept. Never two looks with one key at a time.
 */
export function singleflight<T>(look: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  let begun = 0;
  return (key) => {
    const now = performance.now();
    // All at once, so that nothing of it needs a time of its own, or is kept for longer than it is asked for.
    if (now - begun > KEPT_MS) {
      known.clear();
      begun = now;
    }
    const found = known.get(key);
    if (found !== undefined) return found;
    const answer = look(key);
    known.set(key, answer);
    answer.catch(() => known.delete(key));
    return answer;
  };
}
