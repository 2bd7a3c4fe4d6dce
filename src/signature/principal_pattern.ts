/** Lists of patterns as OpenSSH has them: ssh_config(5), PATTERNS. */

/** "*.example.org,!bad.example.org": whether one of them matches, and none that begins with "!" does. */
export function matchesPatterns(text: string, list: string): boolean {
  const patterns = list.split(",");
  const isNegated = (pattern: string) => pattern.startsWith("!");
  return patterns.some((pattern) => !isNegated(pattern) && matches(text, pattern)) &&
    !patterns.some((pattern) => isNegated(pattern) && matches(text, pattern.slice(1)));
}

/** Without regular expressions: a pattern with many stars costs no more than its length times that of the text. */
function matches(text: string, pattern: string): boolean {
  let [at, from] = [0, 0];
  let star: { pattern: number; text: number } | null = null;
  while (at < text.length) {
    if (pattern[from] === "*") {
      star = { pattern: from++, text: at };
    } else if (from < pattern.length && (pattern[from] === "?" || pattern[from] === text[at])) {
      at++;
      from++;
    } else if (star !== null) {
      from = star.pattern + 1;
      at = ++star.text;
    } else {
      return false;
    }
  }
  while (pattern[from] === "*") from++;
  return from === pattern.length;
}
