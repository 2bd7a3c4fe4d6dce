/** [pure] A request that tells somebody something. */
export interface HttpRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Of an answer that is no 2xx: whether what was to be said is said all the same. */
  isSaid?: (status: number, text: string) => boolean;
}

/** As the other side counts characters; what is cut off is marked. */
export function shortened(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 3).join("")}...`;
}
