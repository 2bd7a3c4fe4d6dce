/** [pure] Names of workloads and namespaces. */
import { WORKLOAD_NAME } from "../../model/workload_name.ts";
import { text } from "../../schema/schema.ts";

export const workloadName = text({
  pattern: WORKLOAD_NAME,
  expected: "lower-case letters, digits and - (at most 63)",
});
