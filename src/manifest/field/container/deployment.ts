/** [pure] The rows of the table of fields that only a deployment has. */
import { type Field, field, type Grammar, list, text } from "../../grammar.ts";
import { DEPLOYMENT_DEVICE_FIELDS } from "../devices.ts";
import { dockerPort } from "../port.ts";
import { words } from "../words.ts";
import { mount } from "./mount.ts";
import { NETWORK_FIELDS } from "./network.ts";

const CONTAINER_USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/;

export const DEPLOYMENT: Field[] = [
  field("image", imageReference(), undefined, { required: true, doc: "What to run", example: 'image = "nginx:1.27"' }),
  field("entrypoint", words, null, {
    shown: "the image's",
    doc: "In the place of the image's",
    example: 'entrypoint = ["/bin/sh"]',
  }),
  field("command", words, null, {
    shown: "the image's",
    doc: "In the place of the image's",
    example: 'command = ["nginx", "-g", "daemon off;"]',
  }),
  field("user", text({ pattern: CONTAINER_USER, wants: 'a user like "www-data" or "1000:1000"' }), null, {
    shown: "the image's",
    doc: "Name or number, of the image; a group may follow",
    example: 'user = "1000:1000"',
  }),
  field("working_dir", text({ pattern: /^\/[^\0]*$/, wants: "an absolute path in the container" }), null, {
    shown: "the image's",
    doc: "Where it begins",
    example: 'working_dir = "/srv"',
  }),
  field("ports", list(dockerPort, 'an array of ports like ["8080:80"]'), [], {
    doc: "As compose writes them; without a host part not published",
    example: 'ports = ["8080:80"]',
  }),
  field("mounts", list(mount, "an array of mounts"), [], {
    doc: '"./x:/path:ro" from the folder, "name:/path" a volume',
    example: 'mounts = ["./site:/www:ro", "data:/data"]',
  }),
  ...NETWORK_FIELDS,
  ...DEPLOYMENT_DEVICE_FIELDS,
];

/** The grammar of github.com/distribution/reference, without its length rules. */
function imageReference(): Grammar<string> {
  const label = "[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*";
  const host = String.raw`(?:\[[a-fA-F0-9:]+\]|${label}(?:\.${label})*)(?::\d+)?`;
  const name = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
  const tag = String.raw`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;
  const pattern = new RegExp(`^(?:${host}/)?${name}(?:/${name})*(?::${tag})?(?:@sha256:[a-f0-9]{64})?$`);
  return text({ pattern, wants: 'an image like "nginx:1.27" or "registry.example.org/team/app@sha256:..."' });
}
