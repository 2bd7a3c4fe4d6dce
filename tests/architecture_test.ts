/** The rules of src/ARCHITECTURE.md as tests. Each says why it is there, and fails too when what it names is gone. */
import assert from "node:assert/strict";
import { importsOf, type SourceFile, sourceFiles, withoutComments } from "./support/source_files.ts";

const files = await sourceFiles(["src", "ui"]);

interface Room {
  /** What it may import: rooms, or single files of rooms that are closed otherwise. */
  uses: string[];
  /** What it may know the shape of, and never call. */
  types?: string[];
  why: string;
}

/** Who may import whom. Everything may import its own room, `src/failure.ts`, and the types of `src/model`. */
const ROOMS: Record<string, Room> = {
  "src/async": {
    uses: ["src/clock.ts"],
    why: "waiting, cancelling and coalescing know nothing of the product",
  },
  "src/os": {
    uses: ["src/async", "src/model/signal.ts", "src/model/size.ts"],
    why: "libc, files, disks and processes know nothing of the product",
  },
  "src/model": { uses: [], why: "the domain types depend on nothing" },
  // A diagnostic quotes values, so it escapes control characters as everything else does that is printed.
  "src/schema": { uses: ["src/model/escape.ts"], why: "typed field tables know no field" },
  "src/manifest": { uses: ["src/model", "src/schema"], types: ["src/source"], why: "reading a manifest has no effect" },
  "src/settings": {
    // A maintenance window of the device is written as one of a manifest, and means the same.
    uses: ["src/manifest/field/maintenance_window.ts", "src/model", "src/schema", "src/ip_network.ts"],
    why: "settings and manifests share the schema library, not their fields",
  },
  "src/secrets": {
    uses: ["src/log.ts", "src/store/atomic_file.ts"],
    types: ["src/runtime"],
    why: "plaintext is in one room, and a start is the only way out",
  },
  "src/signature": { uses: ["src/model/bytes.ts"], why: "a signature is verified from bytes alone" },
  "src/source": {
    // The git worker has a clock of its own.
    uses: [
      "src/async",
      "src/model/bytes.ts",
      "src/model/escape.ts",
      "src/model/git_ref.ts",
      "src/model/size.ts",
      "src/os",
      "src/signature",
      "src/clock.ts",
    ],
    types: ["src/settings"],
    why: "a source fetches and verifies, and decides nothing",
  },
  "src/store": {
    uses: ["src/model", "src/os/exists.ts", "src/log.ts", "src/version.ts"],
    why: "persisted state is plain data",
  },
  "src/runtime": { uses: [], why: "the contract of runtimes is types alone" },
  "src/runtime/native": {
    uses: ["src/async", "src/os", "src/model", "src/secrets/credentials.ts", "src/store/atomic_file.ts"],
    types: ["src/runtime", "src/clock.ts"],
    why: "a runtime executes actions, and shares a contract with the other one, not code",
  },
  "src/runtime/docker": {
    // Host paths are checked again at the start, by the rule that the planner uses; a container is known by its labels.
    uses: [
      "src/async",
      "src/os",
      "src/model/size.ts",
      "src/model/policy/allowed_capabilities.ts",
      "src/model/policy/docker_rules.ts",
      "src/model/policy/allowed_device_nodes.ts",
      "src/model/policy/allowed_host_paths.ts",
      "src/model/policy/denial.ts",
      "src/model/image_name.ts",
      "src/model/fingerprint.ts",
      "src/model/port.ts",
      "src/model/signal.ts",
      "src/model/size.ts",
      "src/os/disk_reserve.ts",
      "src/secrets/credentials.ts",
      "src/log.ts",
    ],
    types: ["src/runtime", "src/clock.ts"],
    why: "a runtime executes actions, and shares a contract with the other one, not code",
  },
  "src/probe": {
    uses: ["src/model", "src/log.ts"],
    types: ["src/runtime", "src/clock.ts"],
    why: "a probe observes and decides nothing",
  },
  "src/http": {
    // A time in a query is written as durations in manifests are.
    uses: ["src/model", "ui", "src/schema/timestamp.ts", "src/ip_network.ts", "src/standard_webhooks.ts"],
    types: ["src/runtime"],
    why: "the page gets a snapshot and a few functions; it reaches no runtime, store or source",
  },
  "src/notify": {
    uses: [
      "src/async",
      "src/model",
      "src/store/notify_state.ts",
      "src/ip_network.ts",
      "src/log.ts",
      "src/standard_webhooks.ts",
      "src/version.ts",
    ],
    types: ["src/settings", "src/clock.ts"],
    why: "messages are made of a snapshot, and contain nothing that a snapshot does not",
  },
  "src/upgrade": {
    uses: [
      "src/async",
      "src/model",
      "src/os/disk_reserve.ts",
      "src/signature",
      "src/store/atomic_file.ts",
      "src/store/state_formats.ts",
      "src/version.ts",
    ],
    types: ["src/settings", "src/clock.ts"],
    why: "downloading and swapping an executable needs no daemon and no workload",
  },
  "ui": { uses: ["src/model"], why: "the page presents a snapshot" },
  "src/reconciler/pipeline": { uses: ["src/model"], why: "the planner is pure and knows neither git nor Docker" },
  "src/status": {
    uses: ["src/model", "src/reconciler/pipeline"],
    why: "status is derived from plan, observations and state, and nothing is decided from it",
  },
  "src/reconciler": {
    uses: [
      "src/async",
      "src/clock.ts",
      "src/log.ts",
      "src/model",
      "src/probe",
      "src/reconciler/pipeline",
      "src/runtime",
      "src/runtime/native",
      "src/secrets",
      "src/source",
      "src/status",
      "src/store",
    ],
    types: ["src/settings"],
    why: "the reconciler observes, plans and executes; it knows neither HTTP nor the process life of the daemon",
  },
  "src/sync": {
    uses: [
      "src/async",
      "src/os",
      "src/version.ts",
      "src/log.ts",
      "src/manifest",
      "src/model",
      "src/secrets",
      "src/signature",
      "src/source",
      "src/store",
    ],
    types: ["src/settings", "src/clock.ts", "src/reconciler", "src/status"],
    why: "sync turns a revision into desired state, and starts or stops nothing",
  },
  "src/operations": {
    uses: [
      "src/async",
      "src/log.ts",
      "src/manifest",
      "src/model",
      "src/notify",
      "src/reconciler",
      "src/reconciler/pipeline",
      "src/runtime",
      "src/source",
      "src/status",
      "src/store",
      "src/sync",
    ],
    types: ["src/secrets", "src/http", "src/settings", "src/clock.ts"],
    why: "an operation of the control socket changes state through its owner",
  },
  "src/daemon": {
    uses: [
      "src/async",
      "src/os",
      "src/model",
      "src/manifest",
      "src/secrets",
      "src/source",
      "src/store",
      "src/sync",
      "src/status",
      "src/operations",
      "src/reconciler",
      "src/reconciler/pipeline",
      "src/runtime",
      "src/runtime/docker",
      "src/runtime/native",
      "src/probe",
      "src/notify",
      "src/upgrade",
      "src/http",
      "src/clock.ts",
      "src/log.ts",
      "src/version.ts",
    ],
    types: ["src/settings"],
    why: "the daemon joins the rooms, and only the command line starts one",
  },
  "src/doctor": {
    // A check uses the daemon's own code where it would otherwise find something else than the daemon.
    uses: [
      "src/os",
      "src/model",
      "src/settings/redact_config.ts",
      "src/settings/secret_values.ts",
      "src/schema",
      "src/source/repository_location.ts",
      "src/source/create_source.ts",
      "src/source/redact_credentials.ts",
      "src/secrets/device_identity.ts",
      "src/store/data_dir.ts",
      "src/runtime/docker/engine.ts",
      "src/runtime/native/sandbox/cgroup_mount.ts",
      "src/runtime/native/log/collapse_range.ts",
      "src/runtime/native/port/free_ports.ts",
      "src/version.ts",
    ],
    types: ["src/settings", "src/clock.ts"],
    why: "a check gathers and evaluates; it changes nothing, and nothing of the daemon depends on it",
  },
  "src/cli": {
    uses: [
      "src/async",
      "src/daemon",
      "src/doctor",
      "src/manifest",
      "src/model",
      "src/operations/checkout_plan.ts",
      "src/daemon/offline_plan.ts",
      "src/os/exists.ts",
      "src/schema",
      "src/secrets",
      "src/settings",
      "src/upgrade",
      "src/log.ts",
      "src/clock.ts",
      "src/store/state_formats.ts",
      "src/version.ts",
      "src/source/directory_source.ts",
      "src/store/data_dir.ts",
    ],
    types: ["src/http", "src/runtime", "src/operations"],
    why: "commands speak to the daemon, and to no runtime, store or source behind its back",
  },
};

const within = (path: string, room: string) => path === room || path.startsWith(`${room}/`);

/** The closest room around a file; files beside the rooms have none. */
function roomOf(path: string): string | null {
  return Object.keys(ROOMS).filter((room) => within(path, room)).sort((a, b) => b.length - a.length)[0] ?? null;
}

Deno.test("every file lies in a room with rules, or beside them: a new folder needs a decision", () => {
  const stray = files.filter(({ path }) => roomOf(path) === null && !/^src\/[a-z_]+\.ts$/.test(path));
  assert.deepEqual(stray.map(({ path }) => path), []);
});

for (const [room, { uses, types = [], why }] of Object.entries(ROOMS)) {
  Deno.test(`${room} imports what its rule allows: ${why}`, () => {
    for (const named of [room, ...uses, ...types]) {
      assert.ok(files.some(({ path }) => within(path, named)), `"${named}" is gone`);
    }
    const own = files.filter(({ path }) => roomOf(path) === room);
    const broken = own.flatMap(({ path, imports }) =>
      imports.filter(({ to, isPackage, typeOnly }) => {
        const allowed = [...uses, "src/failure.ts", ...(typeOnly ? [...types, "src/model"] : [])];
        return !isPackage && roomOf(to) !== room && !allowed.includes(to) && !allowed.includes(roomOf(to) ?? "");
      }).map(({ to }) => `${path} imports ${to}`)
    );
    assert.deepEqual(broken, []);
  });
}

/** A dependency that is used in one place can be replaced in one place. */
const PACKAGES: Record<string, string[]> = {
  "@scure/base": ["src/secrets"],
  "age-encryption": ["src/secrets/decrypt_age.ts"],
  "croner": ["src/manifest", "src/reconciler/pipeline"],
  "isomorphic-git": ["src/source/git_worker"],
  "hono": ["src/http", "ui"],
  "modern-tar": ["src/runtime/native/artifact", "src/doctor/bundle/bundle_archive.ts"],
  "smol-toml": ["src/schema/toml_document.ts"],
  "toml-eslint-parser": ["src/schema/source_map.ts"],
  "yauzl": ["src/runtime/native/artifact"],
  "@logtape/logtape": ["src/log.ts"],
  "node:child_process": ["src/runtime/native"],
  "node:http": ["src/probe"],
  "node:dns": ["src/notify"],
  "node:net": ["src/ip_network.ts"],
};

for (const [name, places] of Object.entries(PACKAGES)) {
  Deno.test(`${name} is used by ${places.join(" and ")} alone`, () => {
    const users = files.filter(({ imports }) => imports.some(({ to }) => within(to, name)));
    assert.ok(users.length > 0, `nothing uses "${name}" any more`);
    assert.deepEqual(users.map(({ path }) => path).filter((path) => !places.some((room) => within(path, room))), []);
  });
}

Deno.test("no daemon loads a git library: only src/main.ts leads to the git process, and only when it is one", () => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const loaded = new Set(["src/main.ts"]);
  for (const path of loaded) {
    const { text = "", imports = [] } = byPath.get(path) ?? {};
    const later = path !== "src/main.ts" ? [] : [...text.matchAll(/await import\("\.\/([^"]+)"\)/g)];
    assert.equal(later.length, path === "src/main.ts" ? 1 : 0);
    for (const { to, typeOnly } of imports) if (!typeOnly && to !== `src/${later[0]?.[1]}`) loaded.add(to);
  }
  assert.ok(loaded.has("src/source/create_source.ts") && loaded.size > 100, "the daemon is in it");
  assert.deepEqual([...loaded].filter((path) => within(path, "isomorphic-git") || path.endsWith("git_tree.ts")), []);
});

Deno.test("no package is imported that no rule and no place of Node's names", () => {
  const known = [
    ...Object.keys(PACKAGES),
    "node:buffer",
    "node:crypto",
    "node:fs",
    "node:os",
    "node:path",
    "node:util",
  ];
  const strangers = files.flatMap(({ path, imports }) =>
    imports.filter(({ to, isPackage }) => isPackage && !known.some((name) => within(to, name)))
      .map(({ to }) => `${path} imports ${to}`)
  );
  assert.deepEqual(strangers, []);
});

Deno.test("no import runs in a circle, type imports included: a file can be understood after those that it imports", () => {
  assert.deepEqual(importCycles(files), []);
});

Deno.test("a circle is found through type imports, once, and over several files", () => {
  const file = (path: string, ...imports: [to: string, typeOnly: boolean][]): SourceFile => ({
    path,
    text: "",
    imports: imports.map(([to, typeOnly]) => ({ to, typeOnly, isPackage: false })),
  });
  const cycles = importCycles([
    file("a.ts", ["b.ts", false], ["d.ts", false]),
    file("b.ts", ["c.ts", true]),
    file("c.ts", ["a.ts", true]),
    file("d.ts", ["e.ts", false]),
    file("e.ts"),
  ]);
  assert.deepEqual(cycles, [["a.ts", "b.ts", "c.ts"]]);
});

/** Lists the groups of files that import each other, directly or through others (strongly connected components). */
function importCycles(files: readonly SourceFile[]): string[][] {
  const graph = new Map(files.map(({ path, imports }) => [path, imports.filter(({ isPackage }) => !isPackage)]));
  const reachable = new Map([...graph.keys()].map((path) => {
    const found = new Set<string>();
    const open = [path];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const { to } of graph.get(next) ?? []) {
        if (found.has(to)) continue;
        found.add(to);
        open.push(to);
      }
    }
    return [path, found];
  }));
  const reaches = (from: string, to: string) => reachable.get(from)?.has(to) === true;
  const inCycle = [...graph.keys()].filter((path) => reaches(path, path)).sort();
  const cycles = inCycle.map((path) => inCycle.filter((other) => reaches(path, other) && reaches(other, path)));
  return cycles.filter(([first], index) => first === inCycle[index]);
}

Deno.test("state has one writer: a field is assigned in the class, or in the file, that declares it", () => {
  const rooms = ["src/reconciler", "src/sync", "src/operations", "src/daemon", "src/status"];
  const found = files.filter(({ path }) => rooms.some((room) => within(path, room))).flatMap(({ path, text }) => {
    const assigned = text.matchAll(/^\s*(?!this\b)[a-z]\w*(?:\.#?\w+)*\.(\w+)\s*(?:[-+*?|]{0,2}=(?![=>])|\+\+|--)/gm);
    return [...assigned].flatMap(([statement, field]) => {
      const isOwn = new RegExp(`^\\s+${field}\\??: .*;$`, "m").test(text);
      return isOwn ? [] : [`${path}: ${statement.trim()}`];
    });
  });
  assert.deepEqual(found, []);
});

Deno.test("an instance is assessed once: its health and its restart are decided in one place", () => {
  const users = (name: string) =>
    files.filter(({ path, text }) => !path.endsWith(`/${name}.ts`) && text.includes(`/${name}.ts"`))
      .filter(({ imports }) => imports.some(({ to, typeOnly }) => !typeOnly && to.endsWith(`/${name}.ts`)))
      .map(({ path }) => path);
  assert.deepEqual(users("instance_health"), ["src/reconciler/pipeline/assess_instance.ts"]);
  const deciding = files.filter(({ text }) => /import \{[^}]*\b(restartAfter|restartOfUnhealthy)\b/.test(text));
  // A lease asks what would follow an exit that has not happened.
  assert.deepEqual(deciding.map(({ path }) => path), [
    "src/reconciler/pipeline/assess_instance.ts",
    "src/reconciler/pipeline/restart/delegated_restart.ts",
  ]);
});

const PURE = [
  /^src\/model\//,
  /^src\/reconciler\/pipeline\//,
  /^src\/status\/(?!snapshot_feed\.ts$)/,
  /^src\/reconciler\/(source_change|reconcile_cooldown|probe_targets)\.ts$/,
  /^src\/os\/program_path\.ts$/,
  /^src\/schema\//,
  /^src\/manifest\//,
  /^src\/cli\/(format|completion)\//,
  /^src\/doctor\/(finding|bundle\/(redacted_config|scrub_secrets)|repository\/token_scopes)\.ts$/,
  /^src\/cli\/exit_code\.ts$/,
  /^src\/standard_webhooks\.ts$/,
  /^src\/http\/webhook\/(authenticate|forge|match_push)\.ts$/,
  /^src\/notify\/(commit_state|alert|pending_messages|outgoing_request|commit_status_request|message_request)\.ts$/,
  /^src\/daemon\/status_line\.ts$/,
  /^src\/probe\/probe_status\.ts$/,
  /^src\/runtime\/docker\/(container|container_drift|network\/subnet_halves|request\/\w+|volume\/volume_owner)\.ts$/,
  /^src\/runtime\/native\/(instance_lifecycle|service_environment)\.ts$/,
  /^src\/runtime\/native\/artifact\/artifact_name\.ts$/,
  /^src\/runtime\/native\/log\/(log_lines|time_index|log_poll_interval)\.ts$/,
  /^src\/source\/(poll_interval|redact_credentials|lfs_pointer|parse_commit|git_worker\/fetch_request|remote\/(ls_refs|pkt_line))\.ts$/,
  /^src\/source\/signature\//,
  /^src\/signature\//,
  /^src\/upgrade\/(release_files|release_signers|verify_release_signature)\.ts$/,
  /^ui\/overall_status\.ts$/,
];
const isPure = (path: string) => PURE.some((pattern) => pattern.test(path));

/** What reaches for time, chance, or the world, or waits for it. */
const IMPURE = new RegExp(
  [
    String.raw`\bDeno\.`,
    String.raw`\bfetch\(`,
    String.raw`\bDate\.now`,
    String.raw`\bnew Date\(\)`,
    String.raw`\bMath\.random`,
    String.raw`\brandom(Bytes|UUID|Int)\b`,
    String.raw`\bgetRandomValues\b`,
    String.raw`\bset(Timeout|Interval)\b`,
    String.raw`\bperformance\.`,
    String.raw`\bprocess\.`,
    String.raw`\bconsole\.`,
    String.raw`\bawait\b`,
    String.raw`\basync\b`,
  ].join("|"),
);

for (const pattern of PURE) {
  Deno.test(`${pattern.source} is pure: same input, same output`, () => {
    const chosen = files.filter(({ path }) => pattern.test(path));
    assert.ok(chosen.length > 0, "no file is of this name any more");
    assert.deepEqual(chosen.flatMap(impurities), []);
  });
}

function impurities({ path, text, imports }: SourceFile): string[] {
  const word = IMPURE.exec(withoutComments(text))?.[0];
  const effects = imports.filter(({ to, isPackage, typeOnly }) =>
    !typeOnly && (isPackage ? /^node:(?!buffer$|crypto$|path$)/.test(to) : !isPure(to) && to !== "src/failure.ts")
  );
  return [...(word === undefined ? [] : [word]), ...effects.map(({ to }) => `imports ${to}`)]
    .map((found) => `${path}: ${found}`);
}

Deno.test("a file that calls itself [pure] is held to it", () => {
  const claims = files.filter(({ text }) => /^\/\*\*[^/]*\[pure\]/.test(text));
  assert.deepEqual(claims.map(({ path }) => path).filter((path) => !isPure(path)), []);
});

Deno.test("no file is over 300 lines: one reason each", () => {
  const long = files.filter(({ path, text }) => path !== "ui/assets.ts" && text.split("\n").length > 301);
  assert.deepEqual(long.map(({ path }) => path), []);
});

Deno.test("no base name occurs more than twice: quick-open finds the file that was meant", () => {
  const byName = Map.groupBy(files, ({ path }) => path.slice(path.lastIndexOf("/") + 1));
  const crowded = [...byName].filter(([, group]) => group.length > 2);
  assert.deepEqual(crowded.map(([name, group]) => `${name}: ${group.map(({ path }) => path).join(", ")}`), []);
});

Deno.test("a name says what is inside", () => {
  const vague = /(^|\/)(utils?|helpers?|common|types|manager|lib|shared|misc|core)(\.|\/)/;
  assert.deepEqual(files.map(({ path }) => path).filter((path) => vague.test(path)), []);
  assert.deepEqual(files.map(({ path }) => path).filter((path) => !/^[a-z0-9_/]+\.tsx?$/.test(path)), []);
});

Deno.test("sources speak of the device alone, not of whom or what wrote them, or where", () => {
  const foreign = /\b(AI|LLM|chatbot|language model|(coding|AI) agent|the agent)\b|["'`\s](\/work\/|\/home\/\w)/;
  const found = files.filter(({ path }) => path !== "ui/assets.ts").flatMap(({ path, text }) => {
    const word = foreign.exec(text)?.[0];
    return word === undefined ? [] : [`${path}: ${word}`];
  });
  assert.deepEqual(found, []);
});

Deno.test("src/ARCHITECTURE.md names every room of src", async () => {
  const text = await Deno.readTextFile(new URL("../src/ARCHITECTURE.md", import.meta.url));
  const rooms = new Set(files.flatMap(({ path }) => /^src\/([a-z]+)\//.exec(path)?.[1] ?? []));
  for (const room of rooms) assert.ok(text.includes(`\`${room}/\``), `${room}/ is not in it`);
});

/** The pages about the sources: the map, the words, and one file for each decision. */
const SOURCE_PAGES = await sourcePages();

async function sourcePages(): Promise<Map<string, string>> {
  const directory = new URL("../src/", import.meta.url);
  const decisions = await Array.fromAsync(Deno.readDir(new URL("decisions/", directory)), ({ name }) => name);
  const paths = ["ARCHITECTURE.md", "GLOSSARY.md", ...decisions.sort().map((name) => `decisions/${name}`)];
  return new Map(
    await Promise.all(
      paths.map(async (path) => [path, await Deno.readTextFile(new URL(path, directory))] as const),
    ),
  );
}

Deno.test("every source that src/ARCHITECTURE.md or a decision names is there", async () => {
  const named = [...SOURCE_PAGES].flatMap(([page, text]) =>
    [...text.matchAll(/`([a-z0-9_/]+(?:\.tsx?|\/))`/g)].map(([, path]) => ({ page, path: path! }))
  );
  assert.ok(named.length > 100);
  // Directories of data_dir are named too: of directories, only those below a room of src are checked.
  const rooms = new Set(files.flatMap(({ path }) => /^src\/([a-z]+)\//.exec(path)?.[1] ?? []));
  const isSource = (path: string) => path.endsWith("/") ? rooms.has(path.split("/")[0]!) : !path.startsWith("tests/");
  const isThere = (path: string) =>
    files.some((file) => file.path === `src/${path}` || file.path.startsWith(`src/${path}/`.replace("//", "/"))) ||
    (!path.endsWith("/") && files.some((file) => file.path.endsWith(`/${path}`)));
  const missing = named.filter(({ path }) => isSource(path) && !isThere(path));
  for (const { page, path } of named.filter(({ path }) => path.startsWith("tests/"))) {
    await Deno.stat(new URL(`../${path}`, import.meta.url)).catch(() => missing.push({ page, path }));
  }
  assert.deepEqual(missing, []);
});

Deno.test("src/ARCHITECTURE.md links to every decision, and every link of a page about the sources leads to a page", () => {
  const links = (page: string) =>
    [...SOURCE_PAGES.get(page)!.matchAll(/\]\(([^):#]+\.md)\)/g)].map(([, link]) => link!);
  const linked = new Set(links("ARCHITECTURE.md"));
  const decisions = [...SOURCE_PAGES.keys()].filter((page) => page.startsWith("decisions/"));
  assert.deepEqual(decisions.filter((page) => !linked.has(page)), []);
  const from = (page: string, link: string) => page.startsWith("decisions/") ? `decisions/${link}` : link;
  const dead = [...SOURCE_PAGES.keys()].flatMap((page) => links(page).map((link) => from(page, link)))
    .filter((target) => !SOURCE_PAGES.has(target));
  assert.deepEqual(dead, []);
});

Deno.test("every class that src/ARCHITECTURE.md calls the owner of a state is declared in the file that it names", () => {
  const rows = [...SOURCE_PAGES.get("ARCHITECTURE.md")!.matchAll(/^\| [^|]+ \| (`[A-Z][^|]*) \| (`[^|]*) \|/gm)];
  assert.ok(rows.length > 20, "the table of state owners is there");
  const wrong = rows.flatMap(([, owners, paths]) => {
    const named = [...paths!.matchAll(/`([^`]+)`/g)].map(([, path]) => `src/${path}`);
    const texts = files.filter(({ path }) => named.some((name) => path === name || path.startsWith(name)));
    return [...owners!.matchAll(/`(\w+)`/g)].map(([, owner]) => owner!).filter((owner) =>
      !texts.some(({ text }) => new RegExp(`^export (class|async function) ${owner}\\b`, "m").test(text))
    );
  });
  assert.deepEqual(wrong, []);
});

Deno.test("src/ARCHITECTURE.md is a map: at most 2,500 words", () => {
  assert.ok(SOURCE_PAGES.get("ARCHITECTURE.md")!.split(/\s+/).length <= 2500, "move reasons to src/decisions");
});

Deno.test("the rules see an import of every form", () => {
  const text = [
    'import { a } from "./a.ts";',
    'import type { B } from "./b.ts";',
    'import {\n  type C,\n  type D as E,\n} from "./c.ts";',
    'import { type F, f } from "../f.ts";',
    'export * from "./g.ts";',
    'import "./h.ts";',
    '  const i = await import("./i.ts");',
    '// import { z } from "./z.ts";',
    'import fs from "node:fs";',
  ].join("\n");
  const seen = importsOf("src/x/x.ts", text).map(({ to, typeOnly }) => `${to}${typeOnly ? " (type)" : ""}`);
  assert.deepEqual(seen, [
    "src/x/a.ts",
    "src/x/b.ts (type)",
    "src/x/c.ts (type)",
    "src/f.ts",
    "src/x/g.ts",
    "src/x/h.ts",
    "node:fs",
    "src/x/i.ts",
  ]);
});
