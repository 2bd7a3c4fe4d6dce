/**
 * A temporary folder for one test, in `dir` or where the system has such, removed after it.
 * Use: `await using dir = await tempDir();` then `dir.path`.
 */
export async function tempDir({ dir }: { dir?: string } = {}): Promise<{ path: string } & AsyncDisposable> {
  const options = { prefix: "harbornode-test-", ...(dir === undefined ? {} : { dir }) };
  const path = await Deno.realPath(await Deno.makeTempDir(options));
  // Services run as users of their own: they may pass it, and list nothing.
  await Deno.chmod(path, 0o711);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true }).catch(() => {});
    },
  };
}
