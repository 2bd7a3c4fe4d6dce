/** [pure] An object told by its differences to another: https://git-scm.com/docs/pack-format#_deltified_representation */

/** Throws a `RangeError` for what is no difference to this base, and for a result of more than `most` bytes. */
export function applyDelta(base: Uint8Array, delta: Uint8Array, most: number): Uint8Array {
  let at = 0;
  const next = () => {
    const byte = delta[at++];
    if (byte === undefined) throw new RangeError("the difference ends early");
    return byte;
  };
  const size = () => {
    let [value, factor, byte] = [0, 1, 0x80];
    while (byte & 0x80) {
      byte = next();
      value += (byte & 0x7f) * factor;
      factor *= 128;
    }
    return value;
  };
  if (size() !== base.length) throw new RangeError("the difference is to another object");
  const length = size();
  if (length > most) throw new RangeError("the result is too large");
  const result = new Uint8Array(length);
  let end = 0;
  while (at < delta.length) {
    const command = next();
    let part: Uint8Array;
    if (command & 0x80) {
      let [offset, count] = [0, 0];
      for (let bit = 0; bit < 4; bit++) if (command & (1 << bit)) offset += next() * 2 ** (8 * bit);
      for (let bit = 0; bit < 3; bit++) if (command & (0x10 << bit)) count += next() * 2 ** (8 * bit);
      part = base.subarray(offset, offset + (count === 0 ? 0x10000 : count));
      if (part.length !== (count === 0 ? 0x10000 : count)) throw new RangeError("the difference leaves its base");
    } else {
      if (command === 0) throw new RangeError("the difference has an unknown command");
      part = delta.subarray(at, at + command);
      at += command;
    }
    if (end + part.length > length) throw new RangeError("the difference is longer than it says");
    result.set(part, end);
    end += part.length;
  }
  if (end !== length) throw new RangeError("the difference ends early");
  return result;
}
