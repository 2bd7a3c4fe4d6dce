/** What only a deployment can ask for. */
import type { SecurityOption } from "../container_options.ts";
import { DEFAULT_CAPABILITIES } from "./capability.ts";
import type { DockerDecisions } from "./decision.ts";
import { hostPathRefusal } from "./host_path.ts";
import { limitRefusals } from "./native.ts";
import { isFromAllowed } from "./origin.ts";
import { quoted } from "../printable.ts";
import { denied, eachOf, type Refusal } from "./refusal.ts";

export const DOCKER: DockerDecisions = {
  image: ({ image }, { images, requireDigest }) => {
    const isFromElsewhere = images.length > 0 && !isFromAllowed(image, images);
    return [
      ...(isFromElsewhere ? [denied({ path: ["image"], value: image, key: "images", by: "item" })] : []),
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
    eachOf(mounts, (mount, index) =>
      // Whose a volume is only Docker knows (runtime/docker/check/volumes.ts).
      mount.type === "host" ? hostPathRefusal(mount.source, { policy, index }) : null),
  labels: "are for others to read; ours can not be written",
  hostname: "is what it calls itself",
  network: ({ network }, { allowHostNetwork }) =>
    network !== "host" || allowHostNetwork
      ? []
      : [denied({ path: ["network"], value: "host", key: "allow_host_network", by: "true" })],
  namespace: "is a network of this repository's workloads",
  networks: ({ networks }, { allowNetworks }) =>
    eachOf(
      networks,
      (name, index) => isNamespace(name) || allowNetworks.includes(name) ? null : networkRefusal(name, index),
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
      : [denied({ path: ["privileged"], value: null, key: "allow_privileged", by: "true" })],
  capAdd: ({ capAdd }, { allowCapabilities }) =>
    eachOf(
      capAdd,
      (name, index) =>
        DEFAULT_CAPABILITIES.includes(name) || allowCapabilities.includes(name)
          ? null
          : denied({ path: ["cap_add", index], value: name, key: "allow_capabilities", by: "item" }),
    ),
  capDrop: "gives something up",
  groupAdd: "reaches nothing but what is mounted",
  securityOpt: ({ securityOpt }, policy) => eachOf(securityOpt, (option) => optionRefusal(option, policy)),
  readOnly: "gives something up",
  sysctls: "are those that a container has for itself, by the grammar of the field",
  ulimits: ({ ulimits }, policy) => limitRefusals("ulimits", { limits: ulimits, policy }),
  shmBytes: "counts for its own memory",
  logDriver: "is one of two that stay on the device, and are bounded",
  memoryReservationBytes: "is what it may keep of its own",
  // Where Docker's default is a stronger wall, like gVisor, another one would be a way through.
  ociRuntime: ({ ociRuntime }, { allowOciRuntimes }) =>
    ociRuntime === null || allowOciRuntimes.includes(ociRuntime)
      ? []
      : [denied({ path: ["oci_runtime"], value: ociRuntime, key: "allow_oci_runtimes", by: "item" })],
};

/** Of a network of Docker's that is not ours, or could not be. */
export function networkRefusal(name: string, index: number): Refusal {
  return denied({ path: ["networks", index], value: name, key: "allow_networks", by: "item" });
}

/** Whether a network's name can be that of a namespace; others are of the owner's alone. */
function isNamespace(name: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

/** With set-user-id programs a user becomes root in the container; the others take down what Docker puts around it. */
function optionRefusal(
  option: SecurityOption,
  policy: { allowRoot: boolean; allowPrivileged: boolean },
): Refusal | null {
  const path: Refusal["path"] = ["security_opt"];
  if (option.type === "new-privileges") {
    const value = "no-new-privileges:false";
    return policy.allowRoot ? null : denied({ path, value, key: "allow_root", by: "true" });
  }
  if (policy.allowPrivileged) return null;
  const value = option.type === "label" ? `label=${option.value}` : `${option.type}=${option.profile}`;
  return denied({ path, value, key: "allow_privileged", by: "true" });
}

function withoutDigest(field: string, value: string): Refusal {
  return {
    path: [field],
    value: quoted(value),
    key: "require_digest",
    message: `${field}: the owner of this device wants images by their digest, and ${quoted(value)} is none`,
    hint: 'write it like "nginx:1.27@sha256:...", or set require_digest = false in [policy] of config.toml',
  };
}
