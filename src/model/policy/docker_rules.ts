/** What only a deployment can ask for. */
import type { SecurityOption } from "../container_options.ts";
import { DEFAULT_CAPABILITIES } from "./allowed_capabilities.ts";
import type { DockerRules } from "./field_rule.ts";
import { hostPathDenial } from "./allowed_host_paths.ts";
import { limitDenials } from "./native_rules.ts";
import { isFromAllowed } from "./allowed_sources.ts";
import { quoted } from "../escape.ts";
import { type Denial, deny, denyEach } from "./denial.ts";

export const DOCKER_RULES: DockerRules = {
  image: ({ image }, { images, requireDigest }) => {
    const isFromElsewhere = images.length > 0 && !isFromAllowed(image, images);
    return [
      ...(isFromElsewhere ? [deny({ path: ["image"], value: image, key: "images", by: "item" })] : []),
      ...(requireDigest && !image.includes("@") ? [withoutDigest("image", image)] : []),
    ];
  },
  pinnedImage: "is what the device itself remembers",
  pull: "says when the registry is asked",
  platform: "chooses among what an image holds",
  // The digest of a tag that moves is the registry's word, and not git's.
  imageUpdates: ({ imageUpdates }, { requireDigest }) =>
    imageUpdates === null || !requireDigest ? [] : [withoutDigest("update_image", "digest")],
  entrypoint: "runs within all that is decided of the other fields",
  mounts: ({ mounts }, policy) =>
    denyEach(mounts, (mount, index) =>
      // Whose a volume is only Docker knows (runtime/docker/check/check_volumes.ts).
      mount.type === "host" ? hostPathDenial(mount.source, { policy, index }) : null),
  labels: "are for others to read; ours cannot be written",
  hostname: "is what it calls itself",
  network: ({ network }, { allowHostNetwork }) =>
    network !== "host" || allowHostNetwork
      ? []
      : [deny({ path: ["network"], value: "host", key: "allow_host_network", by: "true" })],
  namespace: "is a network of this repository's workloads",
  networks: ({ networks }, { allowNetworks }) =>
    denyEach(
      networks,
      (name, index) => isNamespace(name) || allowNetworks.includes(name) ? null : networkDenial(name, index),
    ),
  aliases: "are names in networks of this repository's workloads",
  extraHosts: "are names that it alone knows",
  dns: "is whom it asks",
  tty: "is about its own output",
  stdinOpen: "is about its own input",
  init: "runs within it",
  privileged: ({ privileged }, { allowPrivileged }) =>
    privileged === null || allowPrivileged
      ? []
      : [deny({ path: ["privileged"], value: null, key: "allow_privileged", by: "true" })],
  capAdd: ({ capAdd }, { allowCapabilities }) =>
    denyEach(
      capAdd,
      (name, index) =>
        DEFAULT_CAPABILITIES.includes(name) || allowCapabilities.includes(name)
          ? null
          : deny({ path: ["cap_add", index], value: name, key: "allow_capabilities", by: "item" }),
    ),
  capDrop: "gives something up",
  groupAdd: "reaches nothing but what is mounted",
  securityOpt: ({ securityOpt }, policy) => denyEach(securityOpt, (option) => optionRefusal(option, policy)),
  readOnly: "gives something up",
  sysctls: "are those that a container has for itself, by the grammar of the field",
  ulimits: ({ ulimits }, policy) => limitDenials("ulimits", { limits: ulimits, policy }),
  shmBytes: "counts for its own memory",
  logDriver: "is one of two that stay on the device, and are bounded",
  memoryReservationBytes: "is what it may keep of its own",
  // Where Docker's default is a stronger wall, like gVisor, another one would be a way through.
  ociRuntime: ({ ociRuntime }, { allowOciRuntimes }) =>
    ociRuntime === null || allowOciRuntimes.includes(ociRuntime)
      ? []
      : [deny({ path: ["oci_runtime"], value: ociRuntime, key: "allow_oci_runtimes", by: "item" })],
};

/** Of a network of Docker's that is not ours, or could not be. */
export function networkDenial(name: string, index: number): Denial {
  return deny({ path: ["networks", index], value: name, key: "allow_networks", by: "item" });
}

/** Whether a network's name can be that of a namespace; others are of the owner's alone. */
function isNamespace(name: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

/** With set-user-id programs a user becomes root in the container; the others take down what Docker puts around it. */
function optionRefusal(
  option: SecurityOption,
  policy: { allowRoot: boolean; allowPrivileged: boolean },
): Denial | null {
  const path: Denial["path"] = ["security_opt"];
  if (option.type === "new-privileges") {
    const value = "no-new-privileges:false";
    return policy.allowRoot ? null : deny({ path, value, key: "allow_root", by: "true" });
  }
  if (policy.allowPrivileged) return null;
  const value = option.type === "label" ? `label=${option.value}` : `${option.type}=${option.profile}`;
  return deny({ path, value, key: "allow_privileged", by: "true" });
}

function withoutDigest(field: string, value: string): Denial {
  return {
    path: [field],
    value: quoted(value),
    key: "require_digest",
    message: `${field}: the owner of this device wants images by their digest, and ${quoted(value)} is none`,
    hint: 'write it like "nginx:1.27@sha256:...", or set require_digest = false in [policy] of config.toml',
  };
}
