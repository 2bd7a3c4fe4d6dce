/** Can programs of an image run here. Docker pulls and starts one that cannot without a word, and it ends with "exec format error". */
import { Failure } from "../../../failure.ts";
import type { ImageAnswer } from "../api_types.ts";

/** What a processor runs besides its own, as Go names them: 64 bits run 32. */
const ALSO: Record<string, readonly string[]> = { amd64: ["386"], arm64: ["arm"] };

/** Names of the emulators that the kernel may have been told of, where they are not Go's. */
const EMULATOR: Record<string, string> = { amd64: "x86_64", arm64: "aarch64", "386": "i386" };

const EMULATORS = "/proc/sys/fs/binfmt_misc";

/** Throws a `Failure` for an image of another architecture that nothing here emulates. Unknown ones pass. */
export async function checkPlatform(image: string, { needs, has }: { needs: string; has: string }): Promise<void> {
  if (needs === "" || has === "" || needs === has || ALSO[has]?.includes(needs)) return;
  if (await isEmulated(needs)) return;
  throw new Failure(`Image "${image}" is for "${needs}", and this device is "${has}"`, {
    kind: "mistake",
    reason: "image_platform_mismatch",
    hint: "use an image that is built for this device's architecture",
  });
}

/** Whether an image is what `platform` ("linux/arm/v7") asks for; null asks for nothing. */
export function isFor(platform: string | null, { Os, Architecture, Variant = "" }: ImageAnswer): boolean {
  if (platform === null) return true;
  const [os, architecture, variant] = platform.split("/");
  // Few images say their variant.
  return Os === os && Architecture === architecture && (variant === undefined || Variant === "" || Variant === variant);
}

async function isEmulated(architecture: string): Promise<boolean> {
  const name = `${EMULATORS}/qemu-${EMULATOR[architecture] ?? architecture}`;
  return await Deno.readTextFile(name).then((text) => text.startsWith("enabled"), () => false);
}
