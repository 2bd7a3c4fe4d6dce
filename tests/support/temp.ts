/** A temporary folder for one test, removed after it. Use: `await using dir = await tempDir();` then `dir.path`. */
export async function tempDir(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "harbornode-test-" }));
  // Services run as users of their own: they may pass it, and list nothing.
  await Deno.chmod(path, 0o711);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true }).catch(() => {});
    },
  };
}
