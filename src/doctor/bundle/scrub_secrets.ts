/** [pure] The last guard of a bundle: whatever brought a secret into a text, it does not leave with it. */
import { redactCredentials } from "../../source/redact_credentials.ts";

const HIDDEN = "***";

/** Shorter ones would blank ordinary text. */
const LEAST = 6;

/** What secrets look like, of which nobody told. */
const SHAPES = [
  /AGE-SECRET-KEY-[A-Z0-9-]+/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY[A-Z ]*-----[^]*?(-----END [A-Z ]*PRIVATE KEY[A-Z ]*-----|$)/g,
  // GitHub, GitLab, Slack: each marks its own, so that they can be found.
  /\b(gh[pousr]_\w{20,}|github_pat_\w{20,}|gl[a-z]{2,5}-[\w-]{16,}|xox[a-z]-[\w-]{10,})/g,
];

/** Replaces each of `secrets`, in every form in which somebody may have written it down. */
export function scrubber(secrets: readonly string[]): (text: string) => string {
  const forms = [...new Set(secrets.filter((secret) => secret.length >= LEAST).flatMap(formsOf))]
    // One may be a part of another.
    .sort((a, b) => b.length - a.length);
  return (text) => {
    const known = forms.reduce((rest, form) => rest.replaceAll(form, HIDDEN), text);
    const shaped = SHAPES.reduce((rest, shape) => rest.replace(shape, HIDDEN), known);
    return redactCredentials(shaped);
  };
}

function formsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const hex = bytes.toHex();
  const quoted = JSON.stringify(secret).slice(1, -1);
  return [secret, quoted, encodeURIComponent(secret), hex, hex.toUpperCase(), ...base64Forms(bytes)];
}

/** Of a longer text that holds it somewhere: what of it looks the same, for each place where it may begin. */
function base64Forms(bytes: Uint8Array): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const whole = new Uint8Array(shift + bytes.length);
    whole.set(bytes, shift);
    const from = Math.ceil(shift * 8 / 6);
    const to = Math.floor((shift + bytes.length) * 8 / 6);
    const standard = whole.toBase64().slice(from, to);
    return [standard, standard.replaceAll("+", "-").replaceAll("/", "_")];
  });
}
