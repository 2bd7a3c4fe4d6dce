/** Times in lists of signers: ssh-keygen(1), ALLOWED SIGNERS. */

const FORM = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(Z|UTC)?$/i;

/**
 * "20261231", "202612311830" or "20261231183059" in the device's own time zone, or with a "Z" in UTC. Seconds since
 * 1970; null for anything else.
 */
export function isWithinValidity(text: string): number | null {
  const found = FORM.exec(text);
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0)) as Six;
  const parts: Six = [year, month - 1, day, hour, minute, second];
  const isUtc = found[7] !== undefined;
  const date = isUtc ? new Date(Date.UTC(...parts)) : new Date(...parts);
  // The 31st of February would become one of March.
  const isReal = (isUtc ? date.getUTCDate() : date.getDate()) === day && month >= 1 && month <= 12 && hour < 24 &&
    minute < 60 && second < 60;
  return isReal ? date.getTime() / 1000 : null;
}

type Six = [number, number, number, number, number, number];
