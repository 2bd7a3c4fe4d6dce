/** The table of settings: what config.toml may say, and HARBORNODE_<SECTION>_<KEY> in the environment. */
import { type Field, flag, type Grammar, mapOf, number, oneOf, text } from "../manifest/grammar.ts";
import { quote } from "../manifest/place.ts";
import { duration } from "../manifest/field/quantity.ts";

export interface Section {
  /** Empty for the top of the file. */
  name: string;
  fields: Field[];
}

/** Never shown, in no message. */
const secret: Grammar<string> = {
  wants: "a string that is not empty",
  schema: { type: "string" },
  read: (value, place) => typeof value === "string" && value !== "" ? value : place.report("is not a string, or empty"),
};

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
      setting("url", repositoryUrl(), undefined, "https://..., or the path of a local repository"),
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
    ],
  },
  {
    name: "runtime",
    fields: [
      setting("docker_enabled", flag, true, "Whether deployments run here"),
      setting("native_enabled", flag, true, "Whether services run here"),
      setting("default_mode", oneOf("native", "docker"), "native", "For workloads that can run either way"),
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

/** "HARBORNODE_REPO_URL" */
export function variableOf(section: string, key: string): string {
  return ["HARBORNODE", section, key].filter((part) => part !== "").join("_").toUpperCase();
}

function setting(name: string, grammar: Grammar<unknown>, fallback: unknown, doc: string): Field {
  return { name, grammar, fallback, shown: fallback === null ? "" : String(fallback), doc, example: "" };
}

function repositoryUrl(): Grammar<string> {
  const wants = 'a URL like "https://git.example.org/fleet.git", or the path of a local repository';
  return {
    wants,
    schema: { type: "string" },
    read(value, place) {
      if (typeof value !== "string" || value === "") return place.report(`is ${quote(value)}, wanted ${wants}`);
      const ssh = /^(?:ssh:\/\/(?:[^@/]+@)?|[\w.-]+@)([\w.-]+)(?::\d+)?[:/](.+)$/.exec(value);
      if (ssh !== null) {
        return place.report(
          "is an SSH address, and only https and local paths can be used",
          `write "https://${ssh[1]}/${ssh[2]}" and use a token`,
        );
      }
      if (/^https?:\/\/[^/]*@/.test(value)) {
        return place.report("holds credentials", "take them out of the URL, and put the token into token_file");
      }
      if (/^[a-z]+:\/\//.test(value) && !/^(https?|file):\/\//.test(value)) {
        return place.report(`is ${quote(value.split("?")[0])}, wanted ${wants}`);
      }
      return value;
    },
  };
}
