/** The table of settings: what config.toml may say, and the environment (environment.ts). */
import { NAME_PATTERN } from "../manifest/name.ts";
import { type Field, flag, type Grammar, list, mapOf, number, oneOf, text } from "../manifest/grammar.ts";
import { duration, size } from "../manifest/field/quantity.ts";
import { capability } from "../manifest/field/capability.ts";
import { orOff, range } from "./range.ts";
import { repositoryUrl } from "./repository_url.ts";
import { secret } from "./secret.ts";

export interface Section {
  /** Empty for the top of the file. */
  name: string;
  fields: Field[];
}

const RUNTIME = oneOf("native", "docker");

const MIB = 1024 * 1024;

const PORTS = range({ min: 1, max: 65_535, example: "20000-29999" });

/** Below 1000 are the system's own users: https://systemd.io/UIDS-GIDS/ names these and the two that nobody may have. */
const USERS = range({
  min: 1000,
  max: 4_294_967_293,
  example: "64000-64999",
  without: { 65_534: 'the user "nobody"', 65_535: "the 16-bit word for no user" },
});

/** No step leads out of /dev. */
const DEVICE = text({
  pattern: /^\/dev(\/(?!\.{1,2}(\/|$))[^/\s\0]+)+$/,
  wants: 'a path like "/dev/ttyUSB0" or "/dev/video*"',
});

/** No step leads back. */
const HOST_PATH = text({ pattern: /^\/(?!(.*\/)?\.\.(\/|$))[^\0]*$/, wants: 'an absolute path like "/srv/media"' });

/** As Docker itself has it. */
const NETWORK = text({ pattern: /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, wants: 'the name of a network like "proxy"' });

const label = { pattern: /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/, wants: "lower-case letters, digits, . _ and -" };

export const SECTIONS: readonly Section[] = [
  {
    name: "",
    fields: [
      setting(
        "listen_address",
        text({ pattern: /^[0-9a-fA-F.:]+$/, wants: 'an address like "127.0.0.1" or "::"' }),
        "0.0.0.0",
        "Where the page is served",
      ),
      setting("listen_port", number({ min: 0, max: 65_535 }), 3080, "Port of the page; 0 chooses a free one"),
      setting("data_dir", text(), "data", "State, logs and files; relative to this file"),
      setting(
        "device",
        text({ pattern: /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,62})$/, wants: "letters, digits, . _ and -" }),
        null,
        "The device's name; default: the host's",
      ),
      setting("labels", mapOf(text(), label), {}, "For on = [...] in manifests"),
    ],
  },
  {
    name: "repo",
    fields: [
      setting("url", repositoryUrl, undefined, "https://..., or the path of a local repository"),
      setting(
        "branch",
        text({ pattern: /^[^\s~^:?*[\\]+$/, wants: "the name of a branch" }),
        "main",
        "The branch to follow",
      ),
      setting(
        "path",
        text({ pattern: /^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, wants: "a folder inside the repository" }),
        ".",
        "The folder with services/ and deployments/",
      ),
      setting("interval", duration(100), 60_000, "How often to look"),
      setting("timeout", duration(1000), 60_000, "A look or a fetch that takes longer has failed"),
      setting("username", text(), "x-access-token", "Beside the token"),
      setting("token", secret, null, "Better: token_file"),
      setting("token_file", text(), null, "A file with the token"),
    ],
  },
  {
    name: "webhook",
    fields: [
      setting("secret", secret, null, "Better: secret_file"),
      setting("secret_file", text(), null, "A file with the secret; without one there is no webhook"),
    ],
  },
  {
    name: "docker",
    fields: [
      setting(
        "host",
        text({ pattern: /^unix:\/\/\/.+/, wants: 'a socket like "unix:///var/run/docker.sock"' }),
        "unix:///var/run/docker.sock",
        "Docker's socket",
      ),
      setting(
        "config",
        text(),
        null,
        'Docker\'s own logins of registries; default: "~/.docker/config.json", and [registry."host"] comes first',
      ),
    ],
  },
  {
    name: "runtime",
    fields: [
      setting("docker_enabled", flag, true, "Whether deployments run here"),
      setting("native_enabled", flag, true, "Whether services run here"),
      setting(
        "default_mode",
        RUNTIME,
        null,
        "For workloads that can run either way; default: a service native, a deployment in Docker",
      ),
      setting(
        "modes",
        mapOf(RUNTIME, { pattern: NAME_PATTERN, wants: "the name of a workload" }),
        {},
        'The mode of single workloads, whatever git says: NAME = "native" or "docker"',
      ),
    ],
  },
  {
    name: "native",
    fields: [
      setting("port_range", PORTS, { from: 20_000, to: 29_999 }, "Where ports of services that name none come from"),
      setting(
        "uid_range",
        orOff(USERS),
        { from: 64_000, to: 64_999 },
        'Each service that names no user runs as one of these; "off": as the daemon',
      ),
    ],
  },
  {
    name: "rollout",
    fields: [
      setting(
        "scope",
        oneOf("workload", "revision"),
        "workload",
        "What goes back when one does not become healthy: it alone, or all of its revision",
      ),
    ],
  },
  {
    name: "limits",
    fields: [
      setting("memory_reserve", size, 64 * MIB, "Memory that limits of workloads leave to the rest of the device"),
      setting("disk_reserve", size, 128 * MIB, "Disk space that downloads leave free"),
    ],
  },
  {
    name: "policy",
    fields: [
      setting(
        "allow_devices",
        list(DEVICE, "an array of paths"),
        [],
        "What of /dev a manifest may ask for; * is a glob",
      ),
      setting(
        "allow_capabilities",
        list(capability, "an array of capabilities"),
        [],
        "Which capabilities a manifest may ask for",
      ),
      setting("allow_gpus", flag, false, "Whether a manifest may ask for GPUs"),
      setting("allow_root", flag, true, "Whether a manifest may ask to run as root"),
      setting("allow_privileged", flag, false, "Whether a container may be privileged, or take off its confinement"),
      setting("allow_host_network", flag, false, "Whether a container may use the device's own network"),
      setting(
        "allow_host_paths",
        list(HOST_PATH, "an array of absolute paths"),
        [],
        "Which paths of the device, and all below them, containers may mount",
      ),
      setting(
        "allow_networks",
        list(NETWORK, "an array of names"),
        [],
        "Which networks of Docker, made by others, containers may join",
      ),
    ],
  },
  {
    name: "log",
    fields: [
      setting("level", oneOf("debug", "info", "warning", "error"), "info", "What is said"),
      setting("format", oneOf("text", "json"), "text", "How"),
    ],
  },
];

function setting(name: string, grammar: Grammar<unknown>, fallback: unknown, doc: string): Field {
  return { name, grammar, fallback, shown: typeof fallback === "object" ? "" : String(fallback), doc, example: "" };
}
