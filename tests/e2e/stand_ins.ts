/**
 * Images that stand in for those of the examples, which cannot be pulled in a test: a busybox with the few programs that
 * an example calls, as far as it relies on them.
 */
import { busyboxEntries, importImage, removeImage } from "../support/docker_image.ts";

/** Serves what its configuration calls its root, and refuses to start without a server in it. */
const NGINX = {
  "bin/nginx": `conf=/etc/nginx/conf.d/default.conf
grep -q '^server {' $conf || { echo 'nginx: [emerg] no server'; exit 1; }
mkdir -p /www
cp -r "$(sed -n 's/^ *root \\(.*\\);/\\1/p' $conf)/." /www
echo well >/www/healthz
httpd -f -p 80 -h /www &
trap 'kill $!; exit 0' QUIT
wait`,
};

/** A database of one line, made at its first start, that everybody who holds its socket may read. */
const POSTGRES = {
  "bin/docker-entrypoint.sh": 'exec "$@"',
  "bin/postgres": `data=/var/lib/postgresql/data/line
[ -e $data ] || cat /proc/sys/kernel/random/uuid >$data
trap 'exit 0' INT
cp $data /var/run/postgresql/.s.PGSQL.5432
echo "the data is $(cat $data)"
while :; do sleep 0.1; done`,
  "bin/pg_isready": "test -e /var/run/postgresql/.s.PGSQL.5432",
  "bin/pg_dump": `for option; do case $option in --file=*) file=\${option#--file=} ;; esac; done
[ "$PGUSER $PGDATABASE" = "app app" ] && cat "$PGHOST/.s.PGSQL.5432" >"$file"`,
};

/** Each of its jobs leaves a file in the work folder, and tells what it found there. */
const ACTIONS_RUNNER = {
  "home/runner/config.sh": `[ ! -e .runner ] || { echo 'it is configured already'; exit 1; }
echo "registers: $*"
mkdir _work
touch .runner`,
  "home/runner/run.sh": `[ -e .runner ] || exit 1
echo "a job finds $(ls _work | wc -l) files"
touch _work/left`,
  "bin/curl": `grep -q 'header = "Authorization: Bearer a-token"' || { echo 'curl: (22) error: 401' >&2; exit 22; }
echo '{"token":"of-an-hour"}'`,
  "bin/jq": `sed 's/.*"token":"\\([^"]*\\)".*/\\1/'`,
};

export const nginx = () => image(NGINX, ['CMD ["/bin/nginx"]']);
export const postgres = () => image(POSTGRES, ['ENTRYPOINT ["/bin/docker-entrypoint.sh"]', 'CMD ["postgres"]']);
export const actionsRunner = () => image(ACTIONS_RUNNER, ['CMD ["/bin/bash"]']);

async function image(programs: Record<string, string>, changes: string[]) {
  const name = `harbornode-test:${crypto.randomUUID().slice(0, 8)}`;
  const folders = ["home", "home/runner"].map((path) => ({ path, folder: true as const }));
  const files = Object.entries(programs).map(([path, script]) => ({
    path,
    content: new TextEncoder().encode(`#!/bin/sh\n${script}\n`),
    mode: 0o755,
  }));
  await importImage(name, { entries: [...await busyboxEntries(), ...folders, ...files], changes });
  return { name, [Symbol.asyncDispose]: () => removeImage(name) };
}
