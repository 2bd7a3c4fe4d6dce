/** [pure] Files whose content lies elsewhere: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */

const BEGINS = new TextEncoder().encode("version https://git-lfs.github.com/");

/** As the specification has it: "Pointer files must be less than 1024 bytes in size". */
const MAX_BYTES = 1024;

export function isPointer(content: Uint8Array): boolean {
  return content.length < MAX_BYTES && BEGINS.every((byte, at) => content[at] === byte);
}
