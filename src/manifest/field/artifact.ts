/**
 * [pure] `artifact`: a program that is downloaded, from a URL or a GitHub release, with the digest that it must have.
 */
import type { Artifact, WorkloadFile } from "../../model/workload.ts";
import type { DiagnosticScope } from "../../schema/diagnostic.ts";
import { type Field, field, fields, type Infer, required, tableOf } from "../../schema/field_table.ts";
import { number, oneOf, type Schema, text } from "../../schema/schema.ts";
import { isTable, quote } from "../../schema/toml_value.ts";
import type { Architecture } from "../device/selector.ts";
import { fileName, resolveUrl, url } from "./download_url.ts";

/** Names of an architecture in manifests. */
const PLATFORMS = {
  "linux-arm64": "arm64",
  "linux-x86_64": "x86_64",
  "linux-aarch64": "arm64",
  "linux-amd64": "x86_64",
} as const satisfies Record<string, Architecture>;

type Platform = keyof typeof PLATFORMS;

const PLATFORM_NAMES = ["linux-arm64", "linux-x86_64", "linux-aarch64", "linux-amd64"] as const;

/** Declares one field for each name of an architecture. */
function eachPlatform<T, None extends null | undefined>(
  declare: (name: Platform) => Field<T, None>,
): Record<Platform, Field<T, None>> {
  return fields({
    "linux-arm64": declare("linux-arm64"),
    "linux-x86_64": declare("linux-x86_64"),
    "linux-aarch64": declare("linux-aarch64"),
    "linux-amd64": declare("linux-amd64"),
  });
}

const hexadecimal = text({ pattern: /^[0-9a-fA-F]{64}$/, expected: "64 hexadecimal digits" });

/** A SHA-256 in lower case, so that two spellings of it are one artifact. */
const digest: Schema<string> = {
  ...hexadecimal,
  read: (value, scope) => hexadecimal.read(value, scope)?.toLowerCase(),
};

const DIGEST_FIELDS = eachPlatform((name) =>
  field(digest, null, { doc: `For ${name}`, example: `${name} = "${"0".repeat(64)}"` })
);

const digestTable = tableOf(DIGEST_FIELDS);

/** One digest for every architecture, or a table with one for each. */
const digests: Schema<string | Infer<typeof DIGEST_FIELDS>> = {
  expected: `${digest.expected}, or a table with those for each architecture`,
  jsonSchema: { anyOf: [digest.jsonSchema, digestTable.jsonSchema] },
  read(value, scope) {
    if (isTable(value)) return digestTable.read(value, scope);
    return typeof value === "string" ? digest.read(value, scope) : scope.mismatch(value, digests.expected);
  },
};

/** Fields of a table for one architecture. */
export const PLATFORM_FIELDS = fields({
  url: required(url, { doc: "Where it is", example: 'url = "https://example.org/app-arm64.tar.gz"' }),
  sha256: required(digest, { doc: "The digest it must have", example: `sha256 = "${"0".repeat(64)}"` }),
});

const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9-]*\/(?!\.{1,2}$)[A-Za-z0-9_.-]+$/;
const TAG = /^(?!.*(^|\/)\.{0,2}(\/|$))[!-~]+$/;

/** Fields of `github`. */
export const GITHUB_FIELDS = fields({
  repo: required(text({ pattern: REPOSITORY, expected: '"OWNER/NAME"' }), {
    doc: "Owner and name",
    example: 'repo = "caddyserver/caddy"',
  }),
  version: required(text({ pattern: TAG, expected: "the tag of a release" }), {
    doc: "The tag of the release",
    example: 'version = "v2.8.4"',
  }),
  asset: required(text({ pattern: /^[^\s/]+$/, expected: "the name of a file of the release" }), {
    doc: "Its file, with ${arch}, ${version} and ${name}",
    example: 'asset = "app-${arch}.tar.gz"',
  }),
});

const VERSION = /^(?!\.{1,2}$)[A-Za-z0-9_.-]+$/;
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._+-]{1,100}$/;

export const ARTIFACT_FIELDS = fields({
  url: field(url, null, {
    doc: "Where it is; ${arch} is arm64 or x86_64, ${version} what version says, ${name} the workload's",
    example: 'url = "https://example.org/app-${version}-${arch}.tar.gz"',
  }),
  github: field(tableOf(GITHUB_FIELDS), null, {
    doc: "In the place of url: a file of a release",
    example: 'github = { repo = "me/app", version = "v1.2", asset = "app-${arch}.tar.gz" }',
  }),
  sha256: field(digests, null, {
    doc: "The digest that url or github must have, one for all or for each architecture",
    example: `sha256 = { linux-arm64 = "${"0".repeat(64)}" }`,
  }),
  ...eachPlatform((name) =>
    field(tableOf(PLATFORM_FIELDS), null, {
      doc: name === `linux-${PLATFORMS[name]}`
        ? `In the place of url and sha256: those for ${name}`
        : `Another name of linux-${PLATFORMS[name]}`,
      example: `${name} = { url = "https://example.org/app", sha256 = "${"0".repeat(64)}" }`,
    })
  ),
  version: field(text({ pattern: VERSION, expected: 'a version like "1.2.0"' }), null, {
    defaultText: "the tag of github",
    doc: "What ${version} stands for",
    example: 'version = "1.2.0"',
  }),
  extract: field(oneOf("tar.gz", "zip", "none"), null, {
    defaultText: "told by the end of the url",
    doc: "How it is unpacked",
    example: 'extract = "none"',
  }),
  strip_components: field(number({ min: 0, max: 10 }), 0, {
    defaultText: "0",
    doc: "Leading folders that are left out",
    example: "strip_components = 1",
  }),
  name: field(text({ pattern: NAME, expected: "the name of a file" }), null, {
    defaultText: "the end of the url",
    doc: "What a plain file is called",
    example: 'name = "app"',
  }),
});

type ArtifactRead = Infer<typeof ARTIFACT_FIELDS>;

export const artifact = tableOf(ARTIFACT_FIELDS, 'a table like { url = "https://...", sha256 = "..." }');

interface ArtifactContext {
  /** Name of the workload. */
  name: string;
  /** Undefined where the device is not known: then a download for any architecture fits. */
  arch: Architecture | undefined;
  scope: DiagnosticScope;
}

/** One download, for one architecture or for all. */
interface Download {
  url: string;
  /** Scope of the field with the URL. */
  scope: DiagnosticScope;
  /** Value of "${version}" where the table has no version. */
  tag: string | null;
  sha256: string;
  /** Null for all. */
  arch: Architecture | null;
}

/** Returns the download for the architecture, or undefined after it reported what is wrong. */
export function buildArtifact(read: ArtifactRead, { name, arch, scope }: ArtifactContext): Artifact | undefined {
  const downloads = downloadsOf(read, scope);
  if (downloads === undefined) return undefined;
  const built = downloads.map((download) => ({
    arch: download.arch,
    artifact: complete(download, { read, name, scope }),
  }));
  if (built.some((one) => one.artifact === undefined)) return undefined;
  const fitting = built.find((one) => arch === undefined || one.arch === null || one.arch === arch);
  if (fitting !== undefined) return fitting.artifact;
  const available = built.map((one) => `linux-${one.arch}`).join(" and ");
  return scope.error(
    `this device is linux-${arch}, and the artifact is for ${available} alone`,
    `add linux-${arch}, or choose other devices with "on"`,
  );
}

/** Returns every download that the table offers, or undefined after it reported something. */
function downloadsOf(read: ArtifactRead, scope: DiagnosticScope): Download[] | undefined {
  const platforms = PLATFORM_NAMES.filter((name) => read[name] !== null);
  const sources = (["url", "github", ...PLATFORM_NAMES] as const).filter((name) => read[name] !== null);
  const [first] = sources;
  if (first === undefined) {
    return scope.error("does not say where to download it", 'write url = "https://...", or github = { ... }');
  }
  const isPlatform = (source: string) => platforms.some((name) => name === source);
  const mixed = sources.find((name) => name !== first && !(isPlatform(first) && isPlatform(name)));
  if (mixed !== undefined) scope.at(mixed).keyError(`stands beside "${first}", and one of them is enough`);
  if (hasDuplicate(platforms, scope) || mixed !== undefined) return undefined;
  if (platforms.length === 0) return fromOne(read, scope);
  if (read.sha256 !== null) scope.at("sha256").keyError("belongs into the tables of the architectures");
  const downloads = platforms.flatMap((name): Download[] => {
    const { url, sha256 } = read[name] ?? {};
    if (url === undefined || sha256 === undefined) return [];
    return [{ url, sha256, tag: null, arch: PLATFORMS[name], scope: scope.at(name).at("url") }];
  });
  return downloads.length < platforms.length ? undefined : downloads;
}

/** Reads one `url` or `github`, with one digest or several. */
function fromOne(read: ArtifactRead, scope: DiagnosticScope): Download[] | undefined {
  const { sha256 } = read;
  if (sha256 === null) {
    return scope.error('the field "sha256" is missing', 'write what "sha256sum FILE" says of the right file');
  }
  const source = read.github === null ? fromUrl(read, scope) : fromGithub(read, scope);
  if (source === undefined || sha256 === undefined) return undefined;
  if (typeof sha256 === "string") {
    if (!source.url.includes("${arch}")) return [{ ...source, sha256, arch: null }];
    return scope.at("sha256").error(
      "is one digest, and ${arch} makes one download for each architecture",
      'write sha256 = { linux-arm64 = "...", linux-x86_64 = "..." }',
    );
  }
  const names = PLATFORM_NAMES.filter((name) => sha256[name] !== null);
  if (names.length === 0) return scope.at("sha256").error("is empty", 'write linux-arm64 = "..." in it');
  if (hasDuplicate(names, scope.at("sha256"))) return undefined;
  const downloads = names.flatMap((name): Download[] => {
    const own = sha256[name] ?? null;
    return own === null ? [] : [{ ...source, sha256: own, arch: PLATFORMS[name] }];
  });
  return downloads.length < names.length ? undefined : downloads;
}

type Source = Pick<Download, "url" | "tag" | "scope">;

function fromUrl({ url }: ArtifactRead, scope: DiagnosticScope): Source | undefined {
  return url === undefined || url === null ? undefined : { url, tag: null, scope: scope.at("url") };
}

/** https://docs.github.com/en/repositories/releasing-projects-on-github/linking-to-releases */
function fromGithub({ github }: ArtifactRead, scope: DiagnosticScope): Source | undefined {
  const { repo, version, asset } = github ?? {};
  if (repo === undefined || version === undefined || asset === undefined) return undefined;
  const encoded = (part: string) => encodeURIComponent(part).replace(/%24%7B(\w*)%7D/g, "${$1}");
  const tag = version.split("/").map(encodeURIComponent).join("/");
  return {
    url: `https://github.com/${repo}/releases/download/${tag}/${encoded(asset)}`,
    tag: version,
    scope: scope.at("github").at("asset"),
  };
}

/** Reports an architecture that is given by two of its names. */
function hasDuplicate(names: readonly Platform[], scope: DiagnosticScope): boolean {
  const duplicate = names.find((name, index) =>
    names.findIndex((other) => PLATFORMS[other] === PLATFORMS[name]) < index
  );
  if (duplicate === undefined) return false;
  scope.at(duplicate).keyError("is another name of an architecture that is there already");
  return true;
}

/** Resolves the URL, and derives the format and the name from it where the table does not have them. */
function complete(
  { url, tag, sha256, arch, scope: urlScope }: Download,
  { read, name, scope }: { read: ArtifactRead; name: string; scope: DiagnosticScope },
): Artifact | undefined {
  const { version, extract, name: given, strip_components: stripComponents = 0 } = read;
  if (version === undefined || extract === undefined || given === undefined) return undefined;
  const resolved = resolveUrl(url, { scope: urlScope, values: { arch, version: version ?? tag, name } });
  if (resolved === undefined) return undefined;
  const file = fileName(resolved);
  const format = formatOf(extract, { file, scope });
  if (format === undefined) return undefined;
  if (format !== "plain") {
    if (given !== null) scope.at("name").keyError("only a plain file has a name", "take it out");
    return { url: resolved, sha256, format, stripComponents, name: "" };
  }
  if (stripComponents > 0) scope.at("strip_components").keyError("a plain file has no folders", "take it out");
  if (given === null && !NAME.test(file)) return scope.error("its url ends with no name", 'write name = "app"');
  return { url: resolved, sha256, format, stripComponents: 0, name: given ?? file };
}

function formatOf(
  extract: "tar.gz" | "zip" | "none" | null,
  { file, scope }: { file: string; scope: DiagnosticScope },
): Artifact["format"] | undefined {
  if (extract !== null) return extract === "none" ? "plain" : extract;
  if (/\.(tar\.gz|tgz)$/i.test(file)) return "tar.gz";
  if (/\.zip$/i.test(file)) return "zip";
  if (!/\.(tar|tar\.\w+|txz|tbz2?|gz|bz2|xz|zst|7z|rar|deb|rpm)$/i.test(file)) return "plain";
  return scope.error(
    `${quote(file)} cannot be unpacked: tar.gz and zip can`,
    'name another file, or write extract = "none" to keep it as one',
  );
}

interface ProgramContext {
  artifact: Artifact;
  files: readonly WorkloadFile[];
  scope: DiagnosticScope;
}

/** Reports a program that is in neither the folder nor a plain download; the content of an archive is unknown. */
export function checkArtifactProgram(program: string, { artifact, files, scope }: ProgramContext): void {
  if (!program.startsWith("./")) return;
  const path = program.slice(2);
  if (artifact.format === "plain" && path !== artifact.name && !files.some((file) => file.path === path)) {
    scope.error(
      `there is no file ${quote(path)} in the folder, and the artifact is called ${quote(artifact.name)}`,
      `write "./${artifact.name}"`,
    );
  }
}
