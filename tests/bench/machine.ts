/** The machine that figures belong to, in one line. */
export async function machine(): Promise<string> {
  const cpuinfo = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  const model = /^(?:model name|Model)\s*:\s*(.+)$/m.exec(cpuinfo)?.[1] ?? Deno.build.arch;
  const { total } = Deno.systemMemoryInfo();
  const load = Deno.loadavg()[0]!.toFixed(1);
  const cores = navigator.hardwareConcurrency;
  return `${model}, ${cores} cores, ${(total / 1e9).toFixed(0)} GB, Linux ${Deno.osRelease()}, load ${load}`;
}
