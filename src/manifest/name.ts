/** [pure] What a workload, and a namespace, may be called. */
import { text } from "./grammar.ts";

/** Safe as a folder, a container's name, a label and in a URL; "-" alone joins words, as in DNS. */
export const NAME_PATTERN = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const workloadName = text({
  pattern: NAME_PATTERN,
  wants: "lower-case letters, digits and - (at most 63)",
});
