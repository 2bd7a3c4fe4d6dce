/** The Deno that compiles, told nothing by the environment that would end up in what it makes. */

/**
 * Where things are, and what it takes to download the runtime. Everything else stays out: of OTEL_DENO and DENO_NO_PROMPT
 * `deno compile` keeps the values inside of the executable, and DENO_CONDITIONS changes what a bundle holds.
 */
const NEEDED = new RegExp(
  "^(PATH|HOME|TMPDIR|XDG_CACHE_HOME|DENO_DIR|DENO_TLS_CA_STORE|DENO_CERT|SSL_CERT_(FILE|DIR)" +
    "|NPM_CONFIG_REGISTRY|(HTTPS?|NO)_PROXY)$",
  "i",
);

/** What it wrote to stdout. Throws when it fails; it has said why on stderr by then. */
export async function runDeno(cwd: string, args: string[]): Promise<string> {
  const env = Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => NEEDED.test(name)));
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env,
    clearEnv: true,
    stdin: "null",
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`"deno ${args[0]}" failed`);
  return new TextDecoder().decode(stdout);
}
