/** [pure] IP addresses, as parts of a pattern. A text that fits `IPV6` may still be no address: Docker reports that. */
export const IPV4 = String.raw`(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)`;
export const IPV6 = "[0-9a-fA-F]*:[0-9a-fA-F:]*";
