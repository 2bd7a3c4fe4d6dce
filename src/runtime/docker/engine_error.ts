/** What Docker says went wrong, as a reason and a sentence. Docker has no error codes: its words are all there is. */
import { registryOf } from "../../model/image_name.ts";
import { type Login, redactLogin } from "./image/registry_login.ts";
import { Failure, type FailureDetail } from "../../failure.ts";

type Told = Omit<FailureDetail, "cause"> & { sentence?: string };

/** `task` is what could not be done, like `start "harbornode-web-0"`. */
export function engineError(task: string, answer: { status: number; message: string }): Failure {
  const message = answer.message.trim().replace(/[.\s]+$/, "");
  const { sentence, ...detail } = classify(message) ?? {
    kind: answer.status >= 500 || answer.status === 409 ? "transient" : "mistake",
    reason: "docker_error",
  };
  return new Failure(sentence ?? `Docker cannot ${task}: ${message}`, detail);
}

function classify(message: string): Told | null {
  if (/port is already allocated|address already in use/.test(message)) {
    const port = /:(\d+)(?::| failed)/.exec(message)?.[1];
    return {
      kind: "transient",
      reason: "port_conflict",
      sentence: `Port ${port === undefined ? "" : `"${port}" `}is already taken on this device`,
      hint: "free the port, or publish another one in the manifest",
    };
  }
  if (/no space left on device/.test(message)) {
    return { kind: "refused", reason: "disk_full", hint: "free some space where Docker keeps its data" };
  }
  if (/could not select device driver .*\[gpu\]/.test(message)) {
    return {
      kind: "refused",
      reason: "start_failed",
      sentence: "gpus: Docker has no driver for GPUs on this device",
      hint: "install the NVIDIA Container Toolkit and restart Docker, or leave gpus out; the start is tried again",
    };
  }
  if (/non-overlapping IPv4 address pool|predefined address pools have been fully subnetted/.test(message)) {
    return {
      kind: "refused",
      reason: "docker_error",
      sentence: "Docker has no addresses left for another network",
      hint: "remove networks that nothing uses: docker network prune",
    };
  }
  if (/unable to find (user|group)/.test(message)) {
    return { kind: "mistake", reason: "user_unknown", hint: "name a user that the image knows, or a number" };
  }
  if (/executable file not found|exec: .*(no such file or directory|permission denied)/.test(message)) {
    return { kind: "mistake", reason: "command_not_found", hint: "name a program that is in the image" };
  }
  return null;
}

/** A pull that failed, told by its status or inside the stream that began with success. */
export function pullError({ image, login }: { image: string; login: Login | null }, message: string): Failure {
  const text = redactLogin(message, login).trim().replace(/[.\s]+$/, "");
  const told = (detail: FailureDetail) => new Failure(`Cannot pull image "${image}": ${text}`, detail);
  const section = `[registry."${registryOf(image)}"] of config.toml`;
  if (/no matching manifest|does not match the specified platform|operating system cannot be used/.test(text)) {
    const hint = "use an image that is built for this device's architecture";
    return told({ kind: "mistake", reason: "image_platform_mismatch", hint });
  }
  if (/not found|manifest unknown|repository does not exist|invalid reference format/.test(text)) {
    const hint = "check the image's name and tag";
    // Docker Hub does not tell a name that is wrong from one that is private.
    const isPrivate = /may require 'docker login'/.test(text) && login === null;
    return told({
      kind: "mistake",
      reason: "image_not_found",
      hint: isPrivate ? `${hint}; a private one needs ${section}` : hint,
    });
  }
  if (/no space left on device/.test(text)) {
    return told({ kind: "refused", reason: "disk_full", hint: "free some space where Docker keeps its data" });
  }
  if (/unauthorized|denied|no basic auth|authentication required/.test(text)) {
    const hint = login === null ? `set username and password_file in ${section}` : `check ${login.from ?? section}`;
    return told({ kind: "refused", reason: "image_pull_failed", hint });
  }
  return told({ kind: "transient", reason: "image_pull_failed" });
}

/** Docker itself does not answer, as told by the error of a connection to its socket. */
export function unavailable(socket: string, error: unknown): Failure {
  const cause = error instanceof Error ? `${error.message} ${error.cause ?? ""}` : String(error);
  const hint = /Permission denied|os error 13/.test(cause)
    ? 'run HarborNode as root, or add its user to the group "docker"'
    : /No such file|os error 2\b/.test(cause)
    ? "install Docker, or set host in [docker] of config.toml"
    : 'look at what "systemctl status docker" says';
  return new Failure(`Docker does not answer on "${socket}"`, {
    kind: "transient",
    reason: "docker_unavailable",
    hint,
    cause: error,
  });
}
