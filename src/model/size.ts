/** [pure] Sizes for people. */

/** Formats a number of bytes as "64 MiB", rounded to `decimals` digits after the point. */
export function formatMebibytes(bytes: number, decimals = 0): string {
  const scale = 10 ** decimals;
  return `${Math.round(bytes / 1024 ** 2 * scale) / scale} MiB`;
}

/** Formats a number of bytes as "12.4 MB", of 1 000 000 bytes each. */
export function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Formats progress as "12.4 of 68.0 MB", or "12.4 MB" where the total is not known. */
export function formatTransferred(bytes: number, total: number | null): string {
  return total === null ? formatMegabytes(bytes) : `${(bytes / 1e6).toFixed(1)} of ${formatMegabytes(total)}`;
}
