/** [pure] `artifact`: a program that is downloaded, by a URL or from a release on GitHub, with the digest it must have. */
import type { Artifact, WorkloadFile } from "../../model/workload.ts";
import { type Field, field, number, oneOf, type Schema, tableOf, text } from "../../schema/schema.ts";
import { type DiagnosticScope, isTable, quote, type Table } from "../../schema/diagnostic.ts";
import type { Architecture } from "../device/selector.ts";
import { fileName, resolveUrl, url } from "./download_url.ts";

/** What people call an architecture, and what it is called here. */
const PLATFORMS: Record<string, Architecture> = {
  "linux-arm64": "arm64",
  "linux-x86_64": "x86_64",
  "linux-aarch64": "arm64",
  "linux-amd64": "x86_64",
};

const PLATFORM_NAMES = Object.keys(PLATFORMS);

const hexadecimal = text({ pattern: /^[0-9a-fA-F]{64}$/, expected: "64 hexadecimal digits" });

/** Lower case, so that two ways to write it are one artifact. */
const digest: Schema<string> = {
  ...hexadecimal,
  read: (value, scope) => hexadecimal.read(value, scope)?.toLowerCase(),
};

const DIGEST_FIELDS: Field[] = PLATFORM_NAMES.map((name) =>
  field(name, digest, null, { doc: `For ${name}`, example: `${name} = "${"0".repeat(64)}"` })
);

const digestTable = tableOf(DIGEST_FIELDS);

/** One digest for every architecture, or a table with one for each. */
const digests: Schema<string | Table> = {
  expected: `${digest.expected}, or a table with those for each architecture`,
  jsonSchema: { anyOf: [digest.jsonSchema, digestTable.jsonSchema] },
  read(value, scope) {
    if (isTable(value)) return digestTable.read(value, scope);
    return typeof value === "string"
      ? digest.read(value, scope)
      : scope.error(`is ${quote(value)}, wanted ${digests.expected}`);
  },
};

/** Of a table for one architecture. */
export const PLATFORM_FIELDS: Field[] = [
  field("url", url, undefined, {
    required: true,
    doc: "Where it is",
    example: 'url = "https://example.org/app-arm64.tar.gz"',
  }),
  field("sha256", digest, undefined, {
    required: true,
    doc: "The digest it must have",
    example: `sha256 = "${"0".repeat(64)}"`,
  }),
];

const RELEASE_WORD = /^(?!\.{1,2}$)[A-Za-z0-9_.-]+$/;

/** Of `github`. */
export const GITHUB_FIELDS: Field[] = [
  field(
    "repo",
    text({ pattern: /^[A-Za-z0-9][A-Za-z0-9-]*\/(?!\.{1,2}$)[A-Za-z0-9_.-]+$/, expected: '"OWNER/NAME"' }),
    undefined,
    {
      required: true,
      doc: "Owner and name",
      example: 'repo = "caddyserver/caddy"',
    },
  ),
  field(
    "version",
    text({ pattern: /^(?!.*(^|\/)\.{0,2}(\/|$))[!-~]+$/, expected: "the tag of a release" }),
    undefined,
    {
      required: true,
      doc: "The tag of the release",
      example: 'version = "v2.8.4"',
    },
  ),
  field("asset", text({ pattern: /^[^\s/]+$/, expected: "the name of a file of the release" }), undefined, {
    required: true,
    doc: "Its file, with ${arch}, ${version} and ${name}",
    example: 'asset = "app-${arch}.tar.gz"',
  }),
];

const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._+-]{1,100}$/;

export const ARTIFACT_FIELDS: Field[] = [
  field("url", url, null, {
    doc: "Where it is; ${arch} is arm64 or x86_64, ${version} what version says, ${name} the workload's",
    example: 'url = "https://example.org/app-${version}-${arch}.tar.gz"',
  }),
  field("github", tableOf(GITHUB_FIELDS), null, {
    doc: "In the place of url: a file of a release",
    example: 'github = { repo = "me/app", version = "v1.2", asset = "app-${arch}.tar.gz" }',
  }),
  field("sha256", digests, null, {
    doc: "The digest that url or github must have, one for all or for each architecture",
    example: `sha256 = { linux-arm64 = "${"0".repeat(64)}" }`,
  }),
  ...PLATFORM_NAMES.map((name) =>
    field(name, tableOf(PLATFORM_FIELDS), null, {
      doc: name === `linux-${PLATFORMS[name]}`
        ? `In the place of url and sha256: those for ${name}`
        : `Another name of linux-${PLATFORMS[name]}`,
      example: `${name} = { url = "https://example.org/app", sha256 = "${"0".repeat(64)}" }`,
    })
  ),
  field("version", text({ pattern: RELEASE_WORD, expected: 'a version like "1.2.0"' }), null, {
    defaultText: "the tag of github",
    doc: "What ${version} stands for",
    example: 'version = "1.2.0"',
  }),
  field("extract", oneOf("tar.gz", "zip", "none"), null, {
    defaultText: "told by the end of the url",
    doc: "How it is unpacked",
    example: 'extract = "none"',
  }),
  field("strip_components", number({ min: 0, max: 10 }), 0, {
    defaultText: "0",
    doc: "Leading folders that are left out",
    example: "strip_components = 1",
  }),
  field("name", text({ pattern: NAME, expected: "the name of a file" }), null, {
    defaultText: "the end of the url",
    doc: "What a plain file is called",
    example: 'name = "app"',
  }),
];

export const artifact: Schema<Table> = tableOf(
  ARTIFACT_FIELDS,
  'a table like { url = "https://...", sha256 = "..." }',
);

interface ArtifactContext {
  /** Of the workload. */
  name: string;
  /** Undefined where the device is not known: then any will do. */
  arch: Architecture | undefined;
  scope: DiagnosticScope;
}

/** One download, for one architecture or for all. */
interface Download {
  url: string;
  /** Where in the manifest it says so. */
  scope: DiagnosticScope;
  /** Values of "${version}" where the table says none. */
  tag: string | null;
  sha256: string;
  arch: Architecture | null;
}

/** The download for the architecture, or undefined after the place was told what is wrong. `read` is what the grammar gave. */
export function buildArtifact(read: Table, { name, arch, scope }: ArtifactContext): Artifact | undefined {
  const downloads = downloadsOf(read, scope);
  if (downloads === undefined) return undefined;
  const built = downloads.map((one) => ({ arch: one.arch, artifact: complete(one, { read, name, scope }) }));
  if (built.some((one) => one.artifact === undefined)) return undefined;
  const fits = built.find((one) => arch === undefined || one.arch === null || one.arch === arch);
  if (fits !== undefined) return fits.artifact;
  const there = built.map((one) => `linux-${one.arch}`).join(" and ");
  return scope.error(
    `this device is linux-${arch}, and the artifact is for ${there} alone`,
    `add linux-${arch}, or choose other devices with "on"`,
  );
}

/** Everything that the table offers, or undefined after something was reported. */
function downloadsOf(read: Table, scope: DiagnosticScope): Download[] | undefined {
  const tables = PLATFORM_NAMES.filter((name) => read[name] !== null);
  const sources = ["url", "github", ...tables].filter((name) => read[name] !== null);
  if (sources.length === 0) {
    return scope.error("does not say where to download it", 'write url = "https://...", or github = { ... }');
  }
  const mixed = sources.find((name) => name !== sources[0] && !(tables.includes(sources[0]!) && tables.includes(name)));
  if (mixed !== undefined) scope.at(mixed).keyError(`stands beside "${sources[0]}", and one of them is enough`);
  if (twice(tables, scope) || mixed !== undefined) return undefined;
  if (tables.length === 0) return fromOne(read, scope);
  if (read.sha256 !== null) scope.at("sha256").keyError("belongs into the tables of the architectures");
  const downloads = tables.flatMap((name): Download[] => {
    const { url, sha256 } = (read[name] ?? {}) as Partial<Record<string, string>>;
    if (url === undefined || sha256 === undefined) return [];
    return [{ url, sha256, tag: null, arch: PLATFORMS[name]!, scope: scope.at(name).at("url") }];
  });
  return downloads.length < tables.length ? undefined : downloads;
}

/** One `url` or `github`, with one digest or several. */
function fromOne(read: Table, scope: DiagnosticScope): Download[] | undefined {
  const { sha256 } = read as { sha256: string | Table | null | undefined };
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
  if (twice(names, scope.at("sha256")) || names.some((name) => sha256[name] === undefined)) return undefined;
  return names.map((name) => ({ ...source, sha256: sha256[name] as string, arch: PLATFORMS[name]! }));
}

type Source = Pick<Download, "url" | "tag" | "scope">;

function fromUrl(read: Table, scope: DiagnosticScope): Source | undefined {
  return read.url === undefined ? undefined : { url: read.url as string, tag: null, scope: scope.at("url") };
}

/** https://docs.github.com/en/repositories/releasing-projects-on-github/linking-to-releases */
function fromGithub(read: Table, scope: DiagnosticScope): Source | undefined {
  const { repo, version, asset } = (read.github ?? {}) as Partial<Record<string, string>>;
  if (repo === undefined || version === undefined || asset === undefined) return undefined;
  const encoded = (part: string) => encodeURIComponent(part).replace(/%24%7B(\w*)%7D/g, "${$1}");
  const tag = version.split("/").map(encodeURIComponent).join("/");
  return {
    url: `https://github.com/${repo}/releases/download/${tag}/${encoded(asset)}`,
    tag: version,
    scope: scope.at("github").at("asset"),
  };
}

/** Whether one architecture is named twice, by two of its names. */
function twice(names: readonly string[], scope: DiagnosticScope): boolean {
  const again = names.find((name, index) => names.findIndex((one) => PLATFORMS[one] === PLATFORMS[name]) < index);
  if (again !== undefined) scope.at(again).keyError("is another name of an architecture that is there already");
  return again !== undefined;
}

function complete(
  { url, tag, sha256, arch, scope: at }: Download,
  { read, name, scope }: { read: Table; name: string; scope: DiagnosticScope },
): Artifact | undefined {
  if (read.version === undefined || read.extract === undefined || read.name === undefined) return undefined;
  const version = read.version as string | null ?? tag;
  const resolved = resolveUrl(url, { scope: at, values: { arch, version, name } });
  if (resolved === undefined) return undefined;
  const file = fileName(resolved);
  const format = formatOf(read.extract as string | null, { file, scope });
  if (format === undefined) return undefined;
  const stripComponents = read.strip_components as number;
  const given = read.name as string | null;
  if (format !== "plain") {
    if (given !== null) scope.at("name").keyError("only a plain file has a name", "take it out");
    return { url: resolved, sha256, format, stripComponents, name: "" };
  }
  if (stripComponents > 0) scope.at("strip_components").keyError("a plain file has no folders", "take it out");
  if (given === null && !NAME.test(file)) return scope.error("its url ends with no name", 'write name = "app"');
  return { url: resolved, sha256, format, stripComponents: 0, name: given ?? file };
}

function formatOf(
  extract: string | null,
  { file, scope }: { file: string; scope: DiagnosticScope },
): Artifact["format"] | undefined {
  if (extract !== null) return extract === "none" ? "plain" : extract as "tar.gz" | "zip";
  if (/\.(tar\.gz|tgz)$/i.test(file)) return "tar.gz";
  if (/\.zip$/i.test(file)) return "zip";
  if (!/\.(tar|tar\.\w+|txz|tbz2?|gz|bz2|xz|zst|7z|rar|deb|rpm)$/i.test(file)) return "plain";
  return scope.error(
    `${quote(file)} can not be unpacked: tar.gz and zip can`,
    'name another file, or write extract = "none" to keep it as one',
  );
}

/** What a plain download holds is known before it is here. `program` is the first word of a command. */
export function checkArtifactProgram(
  program: string,
  { artifact, files, scope }: { artifact: Artifact; files: readonly WorkloadFile[]; scope: DiagnosticScope },
): void {
  if (!program.startsWith("./")) return;
  const path = program.slice(2);
  if (artifact.format === "plain" && path !== artifact.name && !files.some((file) => file.path === path)) {
    scope.error(
      `there is no file ${quote(path)} in the folder, and the artifact is called ${quote(artifact.name)}`,
      `write "./${artifact.name}"`,
    );
  }
}
