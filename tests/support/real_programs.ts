/** Programs of Debian's packages as services: their manifests and their own config files, each on a given port. */
import type { Prerequisite } from "./prerequisite.ts";

export interface RealProgram {
  /** Of the workload. */
  name: string;
  needs: Prerequisite;
  /** Of the workload's folder, beside the manifest. What begins with "#!" is executable. */
  files: (port: number) => Record<string, string>;
  /** Lines of the manifest but for `health` and how to stop it. */
  manifest: (port: number) => string[];
  /** Of `health`: where to look. */
  probe: (port: number) => string;
}

/** The user that its package made. Only root can start a program as somebody else. */
function runAs(user: string): string[] {
  return Deno.uid() === 0 ? [`user = "${user}"`] : [];
}

const nginx: RealProgram = {
  name: "nginx",
  needs: "nginx",
  files: (port) => ({
    // Relative paths are below -p: the workload's own folder to write to.
    "nginx.conf": [
      "daemon off;",
      "worker_processes 2;",
      "pid nginx.pid;",
      "error_log stderr;",
      "events { }",
      "http {",
      "  access_log access.log;",
      ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((use) => `  ${use}_temp_path ${use};`),
      `  server { listen 127.0.0.1:${port}; location / { return 200 "harbour"; } }`,
      "}",
      "",
    ].join("\n"),
  }),
  manifest: (port) => [
    `command = ["/bin/sh", "-c", 'exec /usr/sbin/nginx -e stderr -p "$STATE_DIRECTORY" -c "$PWD/nginx.conf"']`,
    ...runAs("www-data"),
    `ports = [${port}]`,
  ],
  probe: () => 'path = "/"',
};

const redis: RealProgram = {
  name: "redis",
  needs: "redis-server",
  files: (port) => ({ "redis.conf": `bind 127.0.0.1\nport ${port}\ndaemonize no\nappendonly yes\n` }),
  manifest: (port) => [
    `command = ["/bin/sh", "-c", 'exec /usr/bin/redis-server redis.conf --dir "$STATE_DIRECTORY"']`,
    ...runAs("redis"),
    `ports = [${port}]`,
  ],
  // A port alone would answer while redis hangs: the kernel accepts for it.
  probe: (port) => `command = ["/usr/bin/redis-cli", "-p", "${port}", "ping"]`,
};

const mosquitto: RealProgram = {
  name: "mosquitto",
  needs: "mosquitto",
  files: (port) => ({
    "mosquitto.conf": `listener ${port} 127.0.0.1\nallow_anonymous true\nlog_dest stderr\n`,
    // MQTT 3.1.1, 3.1: a CONNECT without a client's name, answered by a CONNACK that says 0.
    "probe.py": [
      "import socket, sys",
      `with socket.create_connection(("127.0.0.1", ${port}), 1) as server:`,
      '    server.sendall(b"\\x10\\x0c\\x00\\x04MQTT\\x04\\x02\\x00\\x0a\\x00\\x00")',
      '    sys.exit(server.recv(4) != b"\\x20\\x02\\x00\\x00")',
      "",
    ].join("\n"),
  }),
  manifest: (port) => [
    'command = ["/usr/sbin/mosquitto", "-c", "mosquitto.conf"]',
    ...runAs("mosquitto"),
    `ports = [${port}]`,
  ],
  probe: () => 'command = ["/usr/bin/python3", "probe.py"]',
};

const python: RealProgram = {
  name: "python",
  needs: "python3",
  files: () => ({
    "index.html": "harbour",
    // Answers with the pid of a process that leaves the server's session and keeps nothing of it open.
    "cgi-bin/leave.sh": [
      "#!/bin/sh",
      "printf 'Content-Type: text/plain\\r\\n\\r\\n'",
      "setsid sleep 3600 </dev/null >/dev/null 2>&1 &",
      "echo $!",
      "",
    ].join("\n"),
  }),
  manifest: (port) => [
    `command = ["/usr/bin/python3", "-u", "-m", "http.server", "--cgi", "--bind", "127.0.0.1", "${port}"]`,
    `ports = [${port}]`,
  ],
  probe: () => 'path = "/index.html"',
};

export const REAL_PROGRAMS: readonly RealProgram[] = [nginx, redis, mosquitto, python];
