/** [pure] Sizes for people. */

/** Formats a number of bytes as "64 MiB", rounded to `decimals` digits after the point. */
export function formatMebibytes(bytes: number, decimals = 0): string {
  const scale = 10 ** decimals;
  return `${Math.round(bytes / 1024 ** 2 * scale) / scale} MiB`;
}
