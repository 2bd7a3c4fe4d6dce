/**
 * nginx in front of a git server, as forges have it: TLS with certificates of an authority of its own, basic auth, and
 * redirects. Everything of it lies in one folder; it ends by its pid.
 */
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./demo_daemon.ts";

export interface FrontOptions {
  /** "http://127.0.0.1:port" of the git server. */
  behind: string;
  /** "user:password"; absent: everybody may. */
  login?: string;
  /** Its certificate was good until yesterday. */
  isExpired?: boolean;
}

export class HttpsFront implements AsyncDisposable {
  /** PEM of the authority that nobody knows. */
  readonly caFile: string;

  private constructor(readonly dir: string, readonly port: number, readonly child: Deno.ChildProcess) {
    this.caFile = join(dir, "ca.pem");
  }

  static async start(dir: string, { behind, login, isExpired = false }: FrontOptions): Promise<HttpsFront> {
    await Deno.mkdir(dir, { recursive: true });
    await certificates(dir, isExpired ? -1 : 30);
    const [user = "", password = ""] = login?.split(":") ?? [];
    await Deno.writeTextFile(join(dir, "users"), `${user}:{PLAIN}${password}\n`);
    const port = await freePort();
    const auth = login === undefined ? "" : `auth_basic "git"; auth_basic_user_file ${dir}/users;`;
    const config = `
daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/error.log;
events {}
http {
  access_log ${dir}/access.log;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${dir}/server.pem; ssl_certificate_key ${dir}/server.key;
    client_max_body_size 0;
    location /renamed/ { rewrite ^/renamed/(.*)$ /fleet/$1 permanent; }
    location /elsewhere/ { return 302 https://localhost:${port}$request_uri; }
    location / { ${auth} proxy_pass ${behind}; }
  }
}
`;
    await Deno.writeTextFile(join(dir, "nginx.conf"), config);
    const child = new Deno.Command("/usr/sbin/nginx", {
      args: ["-p", dir, "-e", `${dir}/error.log`, "-c", `${dir}/nginx.conf`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await eventually("nginx listens", async () => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      connection.close();
      return true;
    });
    return new HttpsFront(dir, port, child);
  }

  url(name: string): string {
    return `https://127.0.0.1:${this.port}/${name}`;
  }

  /** Requests as nginx saw them: user, request and status. */
  async seen(): Promise<string> {
    return await Deno.readTextFile(join(this.dir, "access.log")).catch(() => "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGTERM");
    await this.child.status;
  }
}

async function certificates(dir: string, days: number): Promise<void> {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const path = (name: string) => join(dir, name);
  await openssl([
    "req",
    "-x509",
    ...key,
    "-keyout",
    path("ca.key"),
    "-out",
    path("ca.pem"),
    "-subj",
    "/CN=test",
    "-days",
    "30",
  ]);
  await openssl(["req", ...key, "-keyout", path("server.key"), "-out", path("server.csr"), "-subj", "/CN=127.0.0.1"]);
  await Deno.writeTextFile(path("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n");
  const signed = ["-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial", "-extfile", path("names")];
  await openssl(["x509", "-req", "-in", path("server.csr"), ...signed, "-days", `${days}`, "-out", path("server.pem")]);
}

async function openssl(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args, stdin: "null" }).output();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}
