/** Credentials are taken out of whatever may be shown: the first guard, before the log's own. */

const URL_IN_TEXT = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>()]+/gi;

/** The URL without userinfo, query and fragment, and without a slash at the end. Other text comes back as it is. */
export function cleanUrl(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^?#]*)/i.exec(url);
  if (match === null) return url;
  const [, scheme = "", authority = "", path = ""] = match;
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return `${scheme.toLowerCase()}${host}${path.replace(/\/+$/, "")}`;
}

/** The text with every URL in it cleaned, and the secret gone in each form that HTTP gives it. */
export function redactCredentials(text: string, secret: string | null = null): string {
  const clean = text
    .replace(URL_IN_TEXT, (url) => cleanUrl(url))
    .replace(/\b(basic|bearer)\s+[\w+/=.~-]+/gi, "$1 ***");
  if (secret === null || secret === "") return clean;
  return clean.replaceAll(secret, "***").replaceAll(encodeURIComponent(secret), "***");
}
