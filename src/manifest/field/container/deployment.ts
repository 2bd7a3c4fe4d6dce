/** [pure] The fields that only a deployment has. */
import { field, fields } from "../../../schema/field_table.ts";
import { list, text } from "../../../schema/schema.ts";
import { DEPLOYMENT_DEVICE_FIELDS } from "../devices.ts";
import { dockerPorts } from "../port.ts";
import { shellWords } from "../shell_words.ts";
import { CONFINEMENT_FIELDS } from "./confinement.ts";
import { IMAGE_FIELDS } from "./image.ts";
import { mount } from "./mount.ts";
import { NETWORK_FIELDS } from "./network.ts";
import { PROCESS_FIELDS } from "./process_options.ts";

const CONTAINER_USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/;

export const DEPLOYMENT_FIELDS = fields({
  ...IMAGE_FIELDS,
  entrypoint: field(shellWords, null, {
    defaultText: "the image's",
    doc: "In the place of the image's",
    example: 'entrypoint = ["/bin/sh"]',
  }),
  command: field(shellWords, null, {
    defaultText: "the image's",
    doc: "In the place of the image's",
    example: 'command = ["nginx", "-g", "daemon off;"]',
  }),
  user: field(text({ pattern: CONTAINER_USER, expected: 'a user like "www-data" or "1000:1000"' }), null, {
    defaultText: "the image's",
    doc: "Name or number, of the image; a group may follow",
    example: 'user = "1000:1000"',
  }),
  working_dir: field(text({ pattern: /^\/[^\0]*$/, expected: "an absolute path in the container" }), null, {
    defaultText: "the image's",
    doc: "Where it begins",
    example: 'working_dir = "/srv"',
  }),
  ports: field(list(dockerPorts, 'an array of ports like ["8080:80"]'), [], {
    doc: "As compose writes them; without a host part not published",
    example: 'ports = ["8080:80"]',
  }),
  mounts: field(list(mount, "an array of mounts"), [], {
    doc: '"./x:/path:ro" from the folder, "name:/path" a volume, "/x:/path" of the device, which must allow it',
    example: 'mounts = ["./site:/www:ro", "data:/data"]',
  }),
  ...NETWORK_FIELDS,
  ...CONFINEMENT_FIELDS,
  ...PROCESS_FIELDS,
  ...DEPLOYMENT_DEVICE_FIELDS,
});
