/** Whom the owner of the device trusts: git's `gpg.ssh.allowedSignersFile`, as ssh-keygen(1) says under ALLOWED SIGNERS. */
import { matchesPatterns } from "./principal_pattern.ts";
import { type PublicKey, readPublicKey } from "./public_key.ts";
import { isWithinValidity } from "./validity_period.ts";
import { fromBase64, Malformed } from "./ssh_wire.ts";

export interface AllowedSigner {
  /** The first of the line that its other patterns do not take back: how git calls who has the key. */
  principal: string;
  key: PublicKey;
  /** Patterns of what the key may sign; null: anything. */
  namespaces: string | null;
  /** Seconds since 1970, both ends included; null: no such end. */
  validAfter: number | null;
  validBefore: number | null;
}

/** Of the first line that is wrong. A list of which a part is not understood is no list. */
export interface ListProblem {
  line: number;
  message: string;
}

/** Every line is read, or none counts. */
export function readAllowedSigners(text: string): AllowedSigner[] | ListProblem {
  const signers: AllowedSigner[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    try {
      signers.push(readLine(line));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return { line: index + 1, message: error.message };
    }
  }
  return signers;
}

function readLine(line: string): AllowedSigner {
  const [principals, rest] = takePrincipals(line);
  const principal = principals.split(",").find((one) => !one.startsWith("!") && matchesPatterns(one, principals));
  if (principal === undefined) throw new Malformed("names nobody");
  const atKey = keyOf(rest);
  if (atKey !== null) return { principal, key: atKey, namespaces: null, validAfter: null, validBefore: null };
  const [options, afterOptions] = takeOptions(rest);
  const read = readOptions(options);
  const key = keyOf(afterOptions);
  if (key === null) throw new Malformed("has no key where one belongs: names, options, key");
  return { principal, key, ...read };
}

/** In quotes where they have spaces. */
function takePrincipals(line: string): [principals: string, rest: string] {
  const found = line.startsWith('"') ? /^"([^"]*)"[ \t]+(.*)$/.exec(line) : /^([^ \t]+)[ \t]+(.*)$/.exec(line);
  if (found === null) throw new Malformed("has no key after the names");
  return [found[1]!, found[2]!];
}

/** Null when the text does not begin as a key does. */
function keyOf(text: string): PublicKey | null {
  const [type = "", encoded = ""] = text.split(/[ \t]+/);
  if (!/^(ssh|ecdsa|sk)-[a-z0-9@.-]+$/.test(type)) return null;
  const blob = fromBase64(encoded);
  if (blob === null) throw new Malformed("holds a key that is not well-formed base64");
  try {
    const key = readPublicKey(blob);
    if (key.type === type) return key;
  } catch (error) {
    throw error instanceof Malformed ? new Malformed(`holds a key that ${error.message}`) : error;
  }
  throw new Malformed(`holds a key that is not of the type "${type}"`);
}

/** Up to the first space outside of quotes. */
function takeOptions(text: string): [options: string, rest: string] {
  const found = /^((?:[^" \t]|"(?:[^"\\]|\\.)*")+)[ \t]+(.*)$/.exec(text);
  if (found === null) throw new Malformed("has no key where one belongs: names, options, key");
  return [found[1]!, found[2]!];
}

const OPTION = /^([a-z-]+)(?:="((?:[^"\\]|\\.)*)")?(?:,|$)/i;

function readOptions(text: string): Pick<AllowedSigner, "namespaces" | "validAfter" | "validBefore"> {
  const values = new Map<string, string>();
  let rest = text;
  while (rest !== "") {
    const found = OPTION.exec(rest);
    if (found === null) throw new Malformed(`has an option that is not understood: "${rest}"`);
    const [all, name, value] = [found[0], found[1]!.toLowerCase(), found[2]];
    if (name === "cert-authority") {
      throw new Malformed('has the option "cert-authority": certificates are not accepted, list the keys themselves');
    }
    if (!["namespaces", "valid-after", "valid-before"].includes(name) || value === undefined) {
      throw new Malformed(`has the option "${name}", which is not known, or lacks a value in quotes`);
    }
    if (values.has(name)) throw new Malformed(`has the option "${name}" twice`);
    values.set(name, value.replace(/\\(.)/g, "$1"));
    rest = rest.slice(all.length);
  }
  const [validAfter, validBefore] = [timeOf(values, "valid-after"), timeOf(values, "valid-before")];
  if (validAfter !== null && validBefore !== null && validBefore <= validAfter) {
    throw new Malformed('has a "valid-before" that is not after its "valid-after"');
  }
  return { namespaces: values.get("namespaces") ?? null, validAfter, validBefore };
}

function timeOf(values: Map<string, string>, name: string): number | null {
  const text = values.get(name);
  if (text === undefined) return null;
  const time = isWithinValidity(text);
  if (time === null) {
    throw new Malformed(`has "${text}" as ${name}, which is no time like "20261231" or "202612312359Z"`);
  }
  return time;
}
