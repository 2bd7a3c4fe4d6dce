import { join } from "node:path";
import { Failure } from "../failure.ts";
import { FLEET_FILE } from "../manifest/device/fleet.ts";
import { AGE_PREFIX, MAX_SECRET_BYTES } from "../manifest/age_text.ts";
import { SECRET_NAME } from "../manifest/field/secret_fields.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { armored, encrypt } from "../secrets/decrypt_age.ts";
import { readIdentity } from "../secrets/device_identity.ts";
import { identityFile } from "../store/data_dir.ts";
import { type Command, type CommandInput, CONFIG_FLAG, UsageError } from "./command.ts";
import { ControlClient } from "./control_client.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { readPlaintext } from "./secret_plaintext.ts";
import { recipientsFor } from "./secret_recipients.ts";
import { loadSettingsOrFail } from "./load_settings.ts";
import { formatProblems } from "./format/format_problem.ts";

export const secret: Command = {
  name: "secret",
  usage: "recipient | encrypt --to WHOM... [--name NAME] [FILE]",
  summary: "Encrypt a value for devices, or show this device's recipient",
  options: [
    {
      flag: "--to WHOM",
      doc: `a recipient "age1...", or a device of ${FLEET_FILE}, also with *; repeat it for more`,
    },
    { flag: "--name NAME", doc: 'write secrets/NAME.age; without it, print the "age:..." for a manifest' },
    { flag: "--dir DIR", doc: "the checkout (default: the folder that you are in)" },
    { flag: "FILE", doc: "what to encrypt; without it stdin, or what you type, which is not shown" },
    ...CONFIG_FLAG.options,
  ],
  flags: {
    to: { type: "string", multiple: true },
    name: { type: "string" },
    dir: { type: "string" },
    ...CONFIG_FLAG.flags,
  },
  positionals: { min: 0, max: 2 },
  async run(input) {
    const [what, ...rest] = input.positionals;
    if (what === "encrypt") return await encryptFor(input, rest[0]);
    if (what !== "recipient") throw new UsageError("name what it is to do: recipient or encrypt");
    if (rest.length > 0) throw new UsageError(`"${rest[0]}" is one word too many`);
    return await showRecipient(input);
  },
};

async function encryptFor({ flags, out, note }: CommandInput, file?: string): Promise<ExitCode> {
  const dir = typeof flags.dir === "string" ? flags.dir : ".";
  const name = typeof flags.name === "string" ? flags.name : null;
  const to = (Array.isArray(flags.to) ? flags.to : []).flatMap((one) => one.split(",")).filter((one) => one !== "");
  if (to.length === 0) throw new UsageError("secret encrypt needs --to: who is to decrypt it");
  if (name !== null && !SECRET_NAME.test(name)) {
    throw new UsageError(`--name is "${name}", wanted letters, digits, . _ and -`);
  }
  const found = await recipientsFor(to, dir);
  if ("problems" in found) {
    note(formatProblems(found.problems));
    return EXIT.problems;
  }
  const plaintext = await readPlaintext(file, { note });
  if (plaintext.length === 0) throw new UsageError("there is nothing to encrypt");
  const ciphertext = await encrypt(plaintext, found.recipients);
  if (ciphertext.length > MAX_SECRET_BYTES) {
    throw new Failure("what is to be encrypted is too large: a secret has at most 64 KiB", {
      kind: "mistake",
      reason: "secret_unresolved",
      hint: "encrypt a key to it, and bring it as an artifact",
    });
  }
  if (name === null) {
    out(`${AGE_PREFIX}${ciphertext.toBase64()}`);
    return EXIT.done;
  }
  const path = join(dir, "secrets", `${name}.age`);
  await Deno.mkdir(join(dir, "secrets"), { recursive: true });
  await Deno.writeTextFile(path, await armored(ciphertext));
  const count = found.recipients.length;
  note(`${path} is encrypted to ${count} ${count === 1 ? "recipient" : "recipients"}; commit it`);
  return EXIT.done;
}

/** From the identity itself where it can be read, since no daemon need run; else the daemon is asked. */
async function showRecipient(input: CommandInput): Promise<ExitCode> {
  const settings = await loadSettingsOrFail(input);
  if (settings === null) return EXIT.problems;
  const path = settings.secrets.identityFile ?? identityFile(settings.dataDir);
  const isReadable = await Deno.open(path).then((file) => (file.close(), true), () => false);
  if (isReadable) {
    input.out((await readIdentity(path)).recipient);
    return EXIT.done;
  }
  using daemon = new ControlClient(settings);
  const { device } = await daemon.json<Snapshot>("/status", { signal: input.signal });
  if (device.recipient !== null) {
    input.out(device.recipient);
    return EXIT.done;
  }
  throw new Failure(`the identity "${path}" cannot be used`, {
    kind: "refused",
    reason: "secret_unresolved",
    hint: "the daemon's log says why",
  });
}
