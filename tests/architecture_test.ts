/** The rules of src/ARCHITECTURE.md as tests. Each says why it is there, and fails too when what it names is gone. */
import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";

const ROOT = new URL("..", import.meta.url).pathname;
const files = await sources(["src", "ui"]);

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}
const imports = files.flatMap(({ path, text }) => importsOf(path, text));

/** `from` may import nothing in `never`, not even a type unless `types` allows it. */
const RULES: { from: string; never: string[]; typesToo?: boolean; why: string }[] = [
  {
    from: "src/model/",
    never: [
      "src/manifest/",
      "src/plan/",
      "src/source/",
      "src/runtime/",
      "src/store/",
      "src/daemon/",
      "src/http/",
      "src/cli/",
      "src/settings/",
      "src/probe/",
      "ui/",
    ],
    typesToo: true,
    why: "the nouns know nobody",
  },
  {
    from: "src/plan/",
    never: [
      "src/source/",
      "src/runtime/",
      "src/store/",
      "src/daemon/",
      "src/http/",
      "src/cli/",
      "src/settings/",
      "src/probe/",
      "src/manifest/",
    ],
    typesToo: true,
    why: "the planner knows neither git nor Docker",
  },
  {
    from: "src/manifest/",
    never: [
      "src/source/",
      "src/runtime/",
      "src/store/",
      "src/daemon/",
      "src/http/",
      "src/cli/",
      "src/settings/",
      "src/plan/",
    ],
    why: "reading a manifest has no effect",
  },
  {
    from: "src/runtime/native/",
    never: ["src/runtime/docker/"],
    typesToo: true,
    why: "runtimes share a contract, not code",
  },
  {
    from: "src/runtime/docker/",
    never: ["src/runtime/native/"],
    typesToo: true,
    why: "runtimes share a contract, not code",
  },
  {
    from: "src/runtime/",
    never: ["src/daemon/", "src/plan/", "src/http/", "src/cli/", "src/source/"],
    typesToo: true,
    why: "a runtime does what it is told and decides nothing",
  },
  {
    from: "src/source/",
    never: ["src/daemon/", "src/plan/", "src/runtime/", "src/http/", "src/cli/", "src/manifest/"],
    why: "a source answers and decides nothing",
  },
  {
    from: "src/store/",
    never: ["src/daemon/", "src/plan/", "src/runtime/", "src/http/", "src/cli/", "src/source/"],
    why: "what is written down is plain data",
  },
  {
    from: "src/http/",
    never: ["src/runtime/", "src/store/", "src/source/", "src/plan/", "src/daemon/", "src/cli/"],
    why: "the page sees a snapshot and a few functions",
  },
  {
    from: "ui/",
    never: ["src/runtime/", "src/store/", "src/source/", "src/plan/", "src/daemon/", "src/cli/", "src/http/"],
    why: "the page shows a snapshot",
  },
  {
    from: "src/probe/",
    never: ["src/daemon/", "src/plan/", "src/http/", "src/cli/", "src/store/"],
    why: "a probe looks and decides nothing",
  },
  { from: "src/cli/", never: ["src/runtime/", "src/plan/"], why: "commands speak to the daemon" },
  { from: "src/daemon/", never: ["src/cli/"], typesToo: true, why: "only the command line starts a daemon" },
];

for (const { from, never, typesToo = false, why } of RULES) {
  Deno.test(`${from} imports none of ${never.length} rooms: ${why}`, () => {
    for (const room of [from, ...never]) assert.ok(files.some((file) => file.path.startsWith(room)), `${room} is gone`);
    const broken = imports.filter((one) =>
      one.from.startsWith(from) && never.some((room) => one.to.startsWith(room)) && (typesToo || !one.typeOnly)
    );
    assert.deepEqual(broken.map((one) => `${one.from} imports ${one.to}`), []);
  });
}

Deno.test("no import runs in a circle: a file can be understood after those that it imports", () => {
  const graph = new Map(files.map(({ path }) => [path, imports.filter((one) => one.from === path && !one.typeOnly)]));
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    assert.ok(!trail.includes(path), `${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const one of graph.get(path) ?? []) visit(one.to, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
});

const PURE = [
  /^src\/model\//,
  /^src\/plan\//,
  /^src\/manifest\//,
  /^src\/cli\/show_\w+\.ts$/,
  /^src\/cli\/exit_code\.ts$/,
  /^src\/http\/signature\.ts$/,
  /^src\/probe\/verdict\.ts$/,
  /^src\/runtime\/docker\/container\.ts$/,
  /^src\/runtime\/native\/(lifecycle|environment)\.ts$/,
  /^src\/source\/(poll|redact)\.ts$/,
];
/** What reaches for time, chance, or the world. */
const IMPURE =
  /\bDeno\.|\bfetch\(|\bDate\.now|\bnew Date\(\)|\bMath\.random|\brandomBytes|\brandomUUID|\bsetTimeout|\bsetInterval|\bperformance\.|\bconsole\.|\bawait\b|\basync\b/;

for (const pattern of PURE) {
  Deno.test(`${pattern.source} is pure: same input, same output`, () => {
    const chosen = files.filter(({ path }) => pattern.test(path));
    assert.ok(chosen.length > 0, "no file is of this name any more");
    const broken = chosen.flatMap(({ path, text }) => {
      const found = IMPURE.exec(withoutComments(text));
      return found === null ? [] : [`${path}: ${found[0]}`];
    });
    assert.deepEqual(broken, []);
  });
}

Deno.test("no file is over 300 lines, and no name explains nothing", () => {
  const long = files.filter(({ path, text }) => path !== "ui/assets.ts" && text.split("\n").length > 301);
  assert.deepEqual(long.map(({ path }) => path), []);
  const vague = files.filter(({ path }) => /(^|\/)(utils?|helpers?|common|types|manager|lib|shared)(\.|\/)/.test(path));
  assert.deepEqual(vague.map(({ path }) => path), []);
  const odd = files.filter(({ path }) => !/^[a-z0-9_/]+\.tsx?$/.test(path));
  assert.deepEqual(odd.map(({ path }) => path), []);
});

Deno.test("src/ARCHITECTURE.md names every room of src", async () => {
  const text = await Deno.readTextFile(join(ROOT, "src/ARCHITECTURE.md"));
  const rooms = new Set(files.flatMap(({ path }) => /^src\/([a-z]+)\//.exec(path)?.[1] ?? []));
  for (const room of rooms) assert.ok(text.includes(`\`${room}/\``), `${room}/ is not in it`);
});

async function sources(folders: string[]): Promise<{ path: string; text: string }[]> {
  const found: { path: string; text: string }[] = [];
  for (const folder of folders) {
    for await (const entry of Deno.readDir(join(ROOT, folder))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) found.push(...await sources([path]));
      else if (/\.tsx?$/.test(entry.name)) found.push({ path, text: await Deno.readTextFile(join(ROOT, path)) });
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function importsOf(path: string, text: string): Import[] {
  const found = withoutComments(text).matchAll(/^(import|export)\s+(type\s+)?([^;]*?)\sfrom\s+"(\.[^"]+)"/gm);
  return [...found].map(([, , type, names, target]) => ({
    from: path,
    to: normalize(join(dirname(path), target!)),
    typeOnly: type !== undefined || /^\{(\s*type\s+\w+( as \w+)?\s*,?)+\s*\}$/.test(names!.trim()),
  }));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}
