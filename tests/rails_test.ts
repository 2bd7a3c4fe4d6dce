/**
 * The rails: what must never happen to a device, and the test that holds each. A rail whose test is renamed or gone fails
 * here, so that none is lost by accident.
 */
import assert from "node:assert/strict";

type Held = readonly [file: string, test: string];

const RAILS: Record<string, readonly Held[]> = {
  "an empty repository removes nothing unasked": [
    ["e2e/daemon_test.ts", "a repository that is suddenly empty stops nothing until the owner confirms it"],
  ],
  "a broken manifest harms its own workload, and holds every removal": [
    ["e2e/push_test.ts", "a manifest with three mistakes harms its own workload alone"],
    [
      "reconciler/pipeline/removal/prune_guards_test.ts",
      "prune holds everything while a manifest of the revision has problems, even when confirmed",
    ],
  ],
  "many removals at once wait for the owner": [
    [
      "reconciler/pipeline/removal/prune_guards_test.ts",
      "prune holds three removals that are half of what is here, and lets two pass",
    ],
  ],
  "a workload can be kept from removal by its own manifest": [
    [
      "reconciler/pipeline/removal/prune_guards_test.ts",
      "prune leaves what asked for it until the owner confirms, and takes the others",
    ],
  ],
  "a confirmation counts for one revision; another repository, branch, name or label is a doubt": [
    [
      "reconciler/pipeline/removal/prune_guards_test.ts",
      "prune holds when the source itself is in doubt, and a confirmation counts for one revision",
    ],
    ["e2e/selection_test.ts", "a device runs what is meant for it; another label holds what would go"],
  ],
  "what is not ours is never touched, and never taken over": [
    [
      "runtime/docker/docker_runtime_test.ts",
      "docker never sees, stops or removes a container without the device's label",
    ],
    ["runtime/docker/docker_runtime_test.ts", "docker leaves a foreign container of the same name alone"],
    ["runtime/docker/check/check_volumes_test.ts", "a volume of somebody else is mounted by the owner's word alone"],
    ["runtime/docker/network/networks_test.ts", "a network of somebody else is joined by the owner's word alone"],
    [
      "runtime/docker/image/unused_images_test.ts",
      "an image that somebody else brought, or gave another name, is not removed",
    ],
  ],
  "a quick revert can spare a workload that git no longer held": [
    [
      "reconciler/pipeline/removal/prune_guards_test.ts",
      "prune lets a workload that git no longer holds stay for its time of grace, and then removes",
    ],
  ],
  "data stays when its workload goes": [
    ["runtime/docker/docker_runtime_test.ts", "keeps a volume when its container goes"],
    [
      "runtime/native/sandbox/run_as_test.ts",
      "state that was another user's is handed over, what links lead to is not",
    ],
  ],
  "what others depend on leaves last": [[
    "reconciler/pipeline/dependencies_test.ts",
    "what others depend on leaves after them",
  ]],
  "a daemon that ends takes nothing with it": [
    ["e2e/push_test.ts", "a killed daemon takes nothing with it, and the next one knows the exit codes"],
  ],
  "nothing is stopped before its successor can be had": [
    ["e2e/pull_cut_off_test.ts", "a registry cut off in the middle of a pull harms nothing that runs"],
    ["reconciler/pipeline/dependencies_test.ts", "a change of a workload stops nothing while it would have to wait"],
  ],
  "what failed goes back once, and is not tried again before it is another": [
    ["e2e/rollout_test.ts", "a push that ends again and again goes back to what was healthy"],
  ],
  "what is repaired again and again, or ends so, is left at some point": [
    ["e2e/drift_test.ts", "what is removed again and again is left alone after three repairs"],
    ["e2e/supervision_test.ts", "a crash loop ends at its limit with its last lines"],
  ],
  "what the owner does not allow runs to its end, and is started by nobody": [
    ["e2e/policy_test.ts", "what is denied from now on runs to its end, and no further"],
  ],
  "HarborNode is not its own victim: its port, its files, its name": [
    ["reconciler/pipeline/gates/policy_gate_test.ts", "refused with its reason, and started by the owner's word alone"],
    ["runtime/docker/check/check_host_paths_test.ts", "the daemon's own files are never mounted"],
    ["hostile/hostile_test.ts", "a hostile repository gets nothing, and stops nothing"],
  ],
  "what nobody trusted signed is not used, and a rewound branch waits": [
    ["e2e/trust_test.ts", "a device runs what was signed by somebody it trusts, and stays at it"],
    ["sync/verify_revision_test.ts", "a branch that goes on is followed, and one that was rewound waits"],
  ],
  "a webhook without a proof does nothing, and its payload never says what to fetch": [
    ["http/webhook/authenticate_test.ts", "nothing that is empty, short, of another scheme or another secret admits"],
    ["http/webhook/webhook_test.ts", "webhook takes no body over 1 MiB"],
  ],
  "one daemon a data_dir": [
    ["e2e/daemon_test.ts", "a second daemon on one data_dir ends with exit code 5 and names the first"],
  ],
  "no wake-up is lost": [["async/trigger_test.ts", "wake loses no cause that comes during a turn"]],
  "no path from git leads out": [
    ["source/git_mistakes_test.ts", "a tree with a name that leads out of it is refused"],
    ["manifest/read_manifests_test.ts", "read follows no link and no submodule"],
    ["runtime/docker/request/create_request_test.ts", "nothing outside the workload's folder is ever mounted"],
    ["runtime/native/artifact/unpack_test.ts", "links that leave together, and none alone"],
  ],
  "size, number and depth are bounded": [
    ["source/git_mistakes_test.ts", "folders that unfold to millions end the fetch with a sentence"],
    ["manifest/read_manifests_test.ts", "read says what a pointer of Git LFS, a huge file and a binary one are"],
    ["manifest/hostile_test.ts", "a dotted key of half a million parts is one unknown field, in its place"],
    [
      "reconciler/pipeline/gates/policy_gate_test.ts",
      "more workloads or instances than allowed push nobody out who was there before",
    ],
  ],
  "windows and overrides are the owner's, and last": [
    ["e2e/operations_test.ts", "suspended workloads stay as they are and stopped ones stay stopped"],
    ["e2e/operations_test.ts", "a change waits for the maintenance window"],
  ],
  "memory and disk are promised once": [
    ["reconciler/pipeline/feasibility_test.ts", "what would promise more memory than there is waits"],
    ["runtime/docker/image/images_test.ts", "docker pulls nothing when less than the reserve is free"],
  ],
  "a signal reaches the process that is meant": [
    ["runtime/native/native_runtime_test.ts", "native does not signal a process that only has the pid of one of ours"],
  ],
  "a secret that cannot be resolved stops nothing": [
    ["secrets/", "an identity that cannot be used is said of each workload that needs it, and of no other"],
  ],
  "an image that may be needed again stays": [
    ["runtime/docker/image/unused_images_test.ts", "an image that was pulled goes when no spec needs it any more"],
  ],
  "nothing goes to addresses of the device's own link unasked": [
    ["notify/send_once_test.ts", "nothing is sent to this device or its link, however the address is written"],
    ["model/policy/words_test.ts", "addresses of the machine's own link are told, however they are written"],
  ],
  "over HTTP there are GET and one POST": [[
    "http/page_app_test.ts",
    "the app has GET routes and one POST, the webhook",
  ]],
  "state of a newer daemon is set aside, and none is trusted that is torn": [
    ["store/", "a versioned file of a newer daemon is kept aside as it is"],
    ["store/", "a versioned file cut at any byte is set aside, never trusted"],
  ],
  "what goes by the clock waits while it is wrong": [
    [
      "reconciler/pipeline/gates/clock_sync_test.ts",
      "by a wrong clock no schedule is due, and nothing is remembered of it",
    ],
  ],
  "a runtime that does not answer is unknown, and not empty": [
    ["runtime/docker/", "docker that is not there is unknown, not empty, and seen when it comes"],
  ],
  "a slip in a name is told, and is no removal": [
    ["manifest/misplaced_test.ts", "a folder with almost the right name is told, where the right one is missing"],
  ],
  "what a repository tells a loader reaches no program of root's": [
    ["runtime/native/sandbox/environment_script_test.ts", "what a manifest tells the loader is never told to root"],
    [
      "runtime/native/sandbox/environment_script_test.ts",
      "no catalog of messages of a commit is read by a program that is root",
    ],
  ],
};

const HERE = new URL(".", import.meta.url);

async function textIn(path: string): Promise<string> {
  if (!path.endsWith("/")) return await Deno.readTextFile(new URL(path, HERE));
  const texts: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(path, HERE))) {
    if (isDirectory) texts.push(await textIn(`${path}${name}/`));
    else if (name.endsWith("_test.ts")) texts.push(await Deno.readTextFile(new URL(path + name, HERE)));
  }
  return texts.join("\n");
}

for (const [rail, held] of Object.entries(RAILS)) {
  Deno.test(`rail: ${rail}`, async () => {
    for (const [path, name] of held) {
      const text = await textIn(path);
      assert.ok(text.includes(name), `there is no test in tests/${path} named "${name}"`);
    }
  });
}
