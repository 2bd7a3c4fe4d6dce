/** [pure] Internet addresses, as parts of a pattern. What fits IPV6 may still be none: Docker says so. */
export const IPV4 = String.raw`(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)`;
export const IPV6 = "[0-9a-fA-F]*:[0-9a-fA-F:]*";
