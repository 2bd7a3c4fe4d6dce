/** [pure] One line in git's packets: https://git-scm.com/docs/gitprotocol-common#_pkt_line_format */

/** Four digits of its own length, and the line. */
export function pktLine(line: string): string {
  return (new TextEncoder().encode(line).length + 4).toString(16).padStart(4, "0") + line;
}
