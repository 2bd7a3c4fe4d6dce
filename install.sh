#!/bin/sh
# Installs HarborNode, brings it up to date, or removes it. Run it again whenever you like.
#
# Unquoted variables are empty or words without blanks, as $sudo is.
# shellcheck disable=SC2086
set -eu

usage() {
  cat <<'END'
usage: curl -fsSL https://github.com/harbornode/harbornode/releases/latest/download/install.sh |
         sh -s -- --repo https://git.example.org/me/fleet.git [FLAG...]

Settings of a device that has no config.toml yet; one that is there is never changed:
  --repo URL           HARBORNODE_REPO          the repository: https://..., git@host:path or /a/path
  --branch NAME        HARBORNODE_BRANCH        its branch; default: main
  --token-file FILE    HARBORNODE_TOKEN_FILE    a file with a token that can read it; an absolute path
  --ssh-key-file FILE  HARBORNODE_SSH_KEY_FILE  a deploy key that can; an absolute path
  --device NAME        HARBORNODE_DEVICE        the device's name; default: the host's
  --label KEY=VALUE    HARBORNODE_LABELS        a label; repeat it, or in the variable: room=hall,floor=2
  --data-dir FOLDER    HARBORNODE_DATA_DIR      state, logs and files; default: /etc/harbornode/data
  --listen ADDR:PORT   HARBORNODE_LISTEN        where the page is served; default: 0.0.0.0:3080

What is installed, and from where:
  --version VERSION    HARBORNODE_VERSION       this one, like 0.2.0; default: the newest
  --signers FILE       HARBORNODE_SIGNERS       who signs releases, in git's allowed_signers format;
                                                default: HarborNode's own list
                       HARBORNODE_BASE_URL      a mirror: a folder with the files of a release, or of
                                                each version in turn where it says {version}
                       HARBORNODE_ROOT          a folder to install into in place of /, for images

What is done; of a variable, anything but nothing means yes:
  --no-start           HARBORNODE_NO_START      leave the service as it is: not enabled, not (re)started
  --dry-run            HARBORNODE_DRY_RUN       show what would be done and change nothing
  --uninstall          HARBORNODE_UNINSTALL     remove service and executable; settings, data and
                                                what runs stay
  --purge              HARBORNODE_PURGE         stop what runs and remove all of it, data and volumes too
  --help                                        show this
END
}

# How many arguments there are: main compares, because a download cut after the word "main" would lose them.
given=$#

# To stderr as main found it, and no failure when the terminal is gone.
say() { printf '%s\n' "$*" >&3 || :; }

# fail SENTENCE [HINT]
fail() {
  say "error: $1"
  [ $# -lt 2 ] || say "  hint: $2"
  exit 1
}

has() { command -v "$1" >/dev/null; }

# Each flag has its variable, and each variable counts under its own name from here on.
read_arguments() {
  repo=${HARBORNODE_REPO:-} branch=${HARBORNODE_BRANCH:-main} token_file=${HARBORNODE_TOKEN_FILE:-}
  ssh_key_file=${HARBORNODE_SSH_KEY_FILE:-} device=${HARBORNODE_DEVICE:-} listen=${HARBORNODE_LISTEN:-}
  labels=$(printf '%s' "${HARBORNODE_LABELS:-}" | tr , '\n') data_dir=${HARBORNODE_DATA_DIR:-}
  version=${HARBORNODE_VERSION:-} signers=${HARBORNODE_SIGNERS:-} no_start=${HARBORNODE_NO_START:-}
  dry_run=${HARBORNODE_DRY_RUN:-} uninstall=${HARBORNODE_UNINSTALL:-} purge=${HARBORNODE_PURGE:-}
  base_url=${HARBORNODE_BASE_URL:-} root=${HARBORNODE_ROOT:-}
  # The executable would take them for settings.
  for name in REPO BRANCH TOKEN_FILE SSH_KEY_FILE DEVICE LISTEN LABELS DATA_DIR VERSION SIGNERS NO_START DRY_RUN \
    UNINSTALL PURGE BASE_URL ROOT; do unset "HARBORNODE_$name"; done
  while [ $# -gt 0 ]; do
    name=$(printf '%s' "${1#--}" | tr - _)
    case $1 in
      --no-start | --dry-run | --uninstall | --purge) eval "$name=yes" ;;
      --help | -h) usage && exit 0 ;;
      --repo | --branch | --token-file | --ssh-key-file | --device | --label | --data-dir | --listen | \
        --version | --signers)
        [ $# -ge 2 ] || fail "$1 needs a value"
        if [ "$1" = --label ]; then labels=$(printf '%s\n%s' "$labels" "$2"); else eval "$name=\$2"; fi
        shift
        ;;
      *) fail "there is no flag \"$1\"" "--help lists them" ;;
    esac
    shift
  done
  wanted=${version#v}
}

# What must be right before the executable can check the rest. No URL is quoted: people leave passwords in them.
check_arguments() {
  case $repo$branch$token_file$ssh_key_file$device$data_dir$listen$(printf '%s' "$labels" | tr -d '\n') in
    *[\"\\[:cntrl:]]*) fail "a value has a quote, a backslash or a control character" "write config.toml by hand" ;;
  esac
  case $repo in
    '' | *://* | /* | *@*:*) ;;
    *) fail "--repo is no URL and no absolute path" "write https://..., git@host:path or /a/path" ;;
  esac
  for file in "$token_file" "$ssh_key_file" "$data_dir"; do
    case $file in '' | /?*) ;; *) fail "\"$file\" is no absolute path" ;; esac
  done
  case $listen in
    '' | '['?*']:'[0-9]* | [!:]*[!:]:[0-9]*) ;;
    *) fail "--listen is \"$listen\", wanted an address and a port, like 127.0.0.1:3080" ;;
  esac
  wrong=$(printf '%s' "$labels" | grep -v -e '^$' -e '^[^=]\{1,\}=' | head -n 1)
  [ -z "$wrong" ] || fail "--label is \"$wrong\", wanted one like room=hall"
  case $wanted in *[!0-9A-Za-z.+-]*) fail "--version is \"$wanted\", wanted one like 0.2.0" ;; esac
}

name_places() {
  bin=$root/usr/local/bin/harbornode
  config_dir=$root/etc/harbornode
  config=$config_dir/config.toml
  unit_file=$root/etc/systemd/system/harbornode.service
  systemd=no
  if [ -d "$root/run/systemd/system" ] && has systemctl; then systemd=yes; fi
  releases=https://github.com/harbornode/harbornode/releases
  if [ -n "$wanted" ]; then latest=$releases/download/v$wanted; else latest=$releases/latest/download; fi
  base_url=${base_url:-$latest}
  case $base_url in
    *"{version}"*)
      [ -n "$wanted" ] || fail "HARBORNODE_BASE_URL says {version}, and none is named" "add --version"
      base_url=${base_url%%"{version}"*}$wanted${base_url#*"{version}"}
      ;;
  esac
}

check_machine() {
  machine=$(uname -m)
  case $(uname -s)/$machine in
    Linux/x86_64 | Linux/amd64) asset=harbornode-linux-x86_64 ;;
    Linux/aarch64 | Linux/arm64) asset=harbornode-linux-aarch64 ;;
    Linux/*) fail "this machine is $machine, and HarborNode is made for x86_64 and aarch64 alone" \
      "a Raspberry Pi 3 or newer is aarch64 with a 64-bit system; tell of others at ${releases%/*}/issues" ;;
    *) fail "this is $(uname -s), and HarborNode needs Linux" ;;
  esac
  # A 64-bit kernel below a 32-bit system names itself x86_64 or aarch64 too.
  [ "$(getconf LONG_BIT 2>/dev/null)" != 32 ] || fail "this system is 32-bit, though its kernel is $machine" \
    "HarborNode needs the 64-bit edition of the system"
  # A glibc system may have musl beside it, so the files of musl are looked for last.
  libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || libc=$(ldd --version 2>&1 | head -n 1)
  case $libc in
    *musl*) libc=musl ;;
    *GLIBC* | *GNU* | *glibc*) libc=${libc##* } ;;
    *) libc=unknown && for file in /lib/ld-musl-*; do [ ! -e "$file" ] || libc=musl; done ;;
  esac
  case $libc in
    musl) fail "this system is built on musl, and HarborNode needs glibc 2.27 or newer" \
      "use Debian, Ubuntu, Fedora or another system with glibc; Alpine has none" ;;
    [01].* | 2.[0-9] | 2.[0-9].* | 2.1[0-9]* | 2.2[0-6]*) fail "this system has glibc $libc; HarborNode needs 2.27" \
      "use a newer edition of the system: Debian 10, Ubuntu 18.04 and RHEL 8 have it" ;;
  esac
  has sha256sum || fail "there is no sha256sum" "install coreutils"
  has curl || has wget || fail "there is neither curl nor wget" "install curl"
  case $base_url in
    http://*) say "warning: $base_url is not encrypted: whoever is in between can change what comes" ;;
    *) has curl || wget --version 2>/dev/null | grep -q GNU ||
      fail "this wget does not check certificates" "install curl" ;;
  esac
}

find_root() {
  sudo=''
  if [ "$(id -u)" = 0 ] || [ -n "$dry_run" ]; then return; fi
  for sudo in sudo doas; do ! has $sudo || return 0; done
  fail "this needs root, and there is neither sudo nor doas" "become root with su - and run it again"
}

# Every command that changes the machine goes through here and is shown first.
run() {
  if [ -n "$dry_run" ]; then say "would run: $*" && return; fi
  say "+ ${sudo:+$sudo }$*"
  $sudo "$@" </dev/null
}

# What changes nothing, and only root can do: shown where that takes sudo.
look() {
  [ -z "$sudo" ] || say "+ $sudo $*"
  $sudo "$@" </dev/null
}

# download NAME, into $scratch, as whoever runs this. Over https no redirect leaves https.
download() {
  if has curl; then
    case $base_url in https://*) protocols='=https' ;; *) protocols='=http,https' ;; esac
    curl -fsSL --retry 3 --connect-timeout 30 --proto "$protocols" --tlsv1.2 -o "$scratch/$1" "$base_url/$1"
  else
    wget -q -T 30 -O "$scratch/$1" "$base_url/$1"
  fi </dev/null || fail "$base_url/$1 cannot be downloaded; nothing was changed" \
    "look at the address, the network, https_proxy and the space in ${TMPDIR:-/tmp}"
}

hash_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

sum_of() { while read -r sum name; do [ "$name" != "$1" ] || echo "$sum"; done <"$scratch/SHA256SUMS"; }

verify() {
  [ "$(hash_of "$scratch/$1")" = "$(sum_of "$1")" ] ||
    fail "the sha256 of $1 is not the one in SHA256SUMS; nothing was changed" "the download is broken; try again"
}

# Its first line is: # harbornode VERSION COMMIT
find_release() {
  download SHA256SUMS
  check_signature
  version=$(sed -n '1s/^# harbornode \([0-9A-Za-z.+-]* [0-9a-z]*\)$/\1/p' "$scratch/SHA256SUMS")
  [ -n "$version" ] || fail "$base_url/SHA256SUMS does not say of which version it is; nothing was changed"
  commit=${version#* } version=${version% *}
  [ "${wanted:-$version}" = "$version" ] || fail "$base_url has version $version, and not $wanted; nothing was changed"
  sum=$(sum_of "$asset")
  [ ${#sum} -eq 64 ] || fail "$base_url/SHA256SUMS has no line for $asset; nothing was changed"
}

# The sums guard against a broken or mixed-up download. Who made them, only a signature proves.
check_signature() {
  if [ -n "$signers" ]; then cat "$signers"; else release_signers; fi >"$scratch/signers" ||
    fail "the --signers cannot be read"
  unsigned="only that the download is whole is checked, not who made it"
  if ! grep -q '^[^#]' "$scratch/signers"; then
    [ -z "$signers" ] || fail "\"$signers\" names nobody" "write a line like: release@harbornode ssh-ed25519 AAAA..."
    say "warning: HarborNode has no key to sign releases with yet: $unsigned" && return
  fi
  download SHA256SUMS.sig
  # Before OpenSSH 8.2 it cannot.
  if ! has ssh-keygen || ssh-keygen -Y find-principals 2>&1 </dev/null | grep -q -e '-- Y'; then
    [ -z "$signers" ] || fail "there is no ssh-keygen to check the signature with" "install openssh-client, 8.2 or later"
    say "warning: there is no ssh-keygen to check the signature with: $unsigned" && return
  fi
  set -- -f "$scratch/signers" -s "$scratch/SHA256SUMS.sig"
  signer=$(ssh-keygen -Y find-principals "$@" </dev/null 2>/dev/null | head -n 1)
  ssh-keygen -Y verify -n harbornode-release -I "${signer:-nobody}" "$@" <"$scratch/SHA256SUMS" >/dev/null 2>&1 ||
    fail "the signature of $base_url/SHA256SUMS is not that of somebody who may sign releases; nothing was changed"
}

# What of all that has to be done. Changes nothing.
decide() {
  installed=none
  [ ! -e "$bin" ] || installed=$("$bin" version 2>/dev/null </dev/null) || installed="one that does not run"
  do_binary=yes do_config=no do_unit=no do_service=no
  if [ -f "$bin" ] && [ "$(hash_of "$bin")" = "$sum" ]; then do_binary=no; fi
  [ -e "$config" ] || do_config=yes
  [ "$systemd" = yes ] || return 0
  [ "$(cat "$unit_file" 2>/dev/null)" = "$(unit)" ] || do_unit=yes
  [ -z "$no_start" ] || return 0
  case $do_binary$do_config$do_unit in *yes*) do_service=yes ;; *) is_running || do_service=yes ;; esac
}

# With the executable that is installed, not with one that an interrupted run has replaced since.
is_running() {
  systemctl is-active --quiet harbornode && systemctl is-enabled --quiet harbornode || return 1
  pid=$(systemctl show --property MainPID --value harbornode)
  [ "${pid:-0}" = 0 ] || [ -n "$dry_run" ] || look test "/proc/$pid/exe" -ef "$bin"
}

say_plan() {
  say "HarborNode $version ($commit) from $base_url; installed: $installed"
  shown() { if [ "$3" = yes ]; then say "  $1  $2 (to be written)"; else say "  $1  $2 (stays)"; fi; }
  shown "executable" "$bin" $do_binary
  shown "settings  " "$config" $do_config
  [ "$systemd" = no ] || shown "service   " "$unit_file" $do_unit
  [ $do_service = no ] || say "  and then harbornode.service is (re)started"
  [ $do_config = yes ] || [ -z "$repo$token_file$ssh_key_file$device$labels$data_dir$listen" ] ||
    say "  Flags for settings change nothing: $config is there and stays as it is"
}

fetch_executable() {
  if has gzip && [ -n "$(sum_of "$asset.gz")" ]; then
    download "$asset.gz"
    verify "$asset.gz"
    gzip -d "$scratch/$asset.gz" ||
      fail "$asset.gz cannot be unpacked; nothing was changed" "look at the space in ${TMPDIR:-/tmp}"
  else
    download "$asset"
  fi
  verify "$asset"
}

# Into the folder where it is going: a rename is whole or not at all only inside one file system.
try_executable() {
  run mkdir -p "${bin%/*}"
  temp=${bin%/*}/.harbornode.$$
  run install -m 755 "$scratch/$asset" "$temp" ||
    fail "${bin%/*} cannot be written; nothing was changed" "look at its space, and whether it is mounted read-only"
  [ -z "$dry_run" ] || return 0
  said=$("$temp" version </dev/null) || fail "the new executable does not run here; nothing was changed" \
    "it needs glibc 2.27 or newer, and ${bin%/*} must not be mounted noexec"
  case "$said " in
    "harbornode $version "*) ;;
    *) fail "the new executable says \"$said\", and not $version; nothing was changed" ;;
  esac
}

make_config() {
  {
    [ -z "$device" ] || printf 'device = "%s"\n' "$device"
    [ -z "$data_dir" ] || printf 'data_dir = "%s"\n' "$data_dir"
    [ -z "$listen" ] || printf 'listen_address = "%s"\nlisten_port = %s\n' \
      "$(printf '%s' "${listen%:*}" | tr -d '[]')" "${listen##*:}"
    [ -z "$labels" ] || printf '\n[labels]\n'
    printf '%s\n' "$labels" | sed -n 's/^\([^=]*\)=\(.*\)/"\1" = "\2"/p'
    printf '\n[repo]\nurl = "%s"\nbranch = "%s"\n' "$repo" "$branch"
    [ -z "$token_file" ] || printf 'token_file = "%s"\n' "$token_file"
    [ -z "$ssh_key_file" ] || printf 'ssh_key_file = "%s"\n' "$ssh_key_file"
    printf '\n[webhook]\nsecret_file = "webhook-secret"\n'
  } | sed '1{/^$/d;}' >"$scratch/config.toml"
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$scratch/webhook-secret"
}

# The new executable reads the new settings, since it tells all that is wrong with them, before anything is changed.
check_config() {
  # For an image, the files that they name may come later.
  [ -z "$dry_run$root" ] || return 0
  code=0
  look "${temp:-$bin}" secret recipient --config "$scratch/config.toml" >/dev/null 2>"$scratch/problems" || code=$?
  [ $code -ne 3 ] || fail "these settings do not work; nothing was changed
$(sed "s:$scratch/::" "$scratch/problems")"
}

swap_executable() {
  [ ! -e "$bin" ] || run ln -f "$bin" "$bin.previous"
  # An upgrade on trial would put its own previous one back.
  [ ! -e "$bin.trial" ] || run rm -f "$bin.trial"
  run mv -f "$temp" "$bin"
}

write_config() {
  run install -d -m 755 "$config_dir"
  [ -e "$config_dir/webhook-secret" ] || run install -m 600 "$scratch/webhook-secret" "$config_dir/webhook-secret"
  run install -m 600 "$scratch/config.toml" "$config"
}

write_unit() {
  [ ! -e "$unit_file" ] || cat "$unit_file" >"$scratch/previous.service"
  unit >"$scratch/harbornode.service"
  run mkdir -p "${unit_file%/*}"
  run install -m 644 "$scratch/harbornode.service" "$unit_file"
  run systemctl daemon-reload
}

# systemd waits until the daemon says that it is ready.
start_service() {
  systemctl is-enabled --quiet harbornode || run systemctl enable harbornode
  if run systemctl restart harbornode; then return; fi
  say "HarborNode $version did not get ready. Its last lines:"
  run journalctl --unit harbornode --lines 20 --no-pager >&2 || :
  back=no
  if [ $do_binary = yes ] && [ "$installed" != none ]; then run mv -f "$bin.previous" "$bin" && back=yes; fi
  if [ -e "$scratch/previous.service" ]; then
    run install -m 644 "$scratch/previous.service" "$unit_file" && run systemctl daemon-reload && back=yes
  fi
  [ $back = yes ] || fail "HarborNode is installed, and does not get ready" \
    "mend what its lines say, then: ${sudo:+$sudo }systemctl restart harbornode"
  run systemctl restart harbornode || fail "what was here before is back in place, and does not get ready either"
  fail "HarborNode $version does not get ready here; what was here before is back in place, and runs"
}

# setting KEY DEFAULT, of those above the first table.
setting() {
  value=$(printf '%s\n' "$settings" | sed -n "/^ *\[/q; s/^ *$1 *= *\([^#]*[^# ]\).*/\1/p" | tr -d "\"'")
  printf '%s\n' "${value:-$2}"
}

read_settings() {
  settings=$(look cat "$config" 2>/dev/null) || settings=''
  data_dir=$(setting data_dir data)
  case $data_dir in /*) data_dir=$root$data_dir ;; *) data_dir=$config_dir/$data_dir ;; esac
}

# Hosts of the page's URLs, one a line.
hosts() {
  case $address in
    0.0.0.0 | ::)
      ip -o addr show scope global up 2>/dev/null | while read -r _ link family own _; do
        case $link in docker* | br-* | veth* | virbr*) continue ;; esac
        case $family.$address in inet.*) echo "${own%/*}" ;; inet6.::) echo "[${own%/*}]" ;; esac
      done
      host=$(uname -n)
      # By mDNS.
      if [ -e "$root/run/avahi-daemon/socket" ] || resolvectl mdns 2>/dev/null | grep -q ': yes'; then
        host=${host%%.*}.local
      fi
      echo "$host"
      ;;
    *:*) echo "[$address]" ;;
    *) echo "$address" ;;
  esac
}

report() {
  if [ -n "$dry_run" ]; then say "This was a dry run: nothing was changed" && return; fi
  case $do_binary$do_config$do_unit$do_service in
    *yes*) say "HarborNode $version is installed" ;;
    *) say "Nothing changed: HarborNode $version is installed already" ;;
  esac
  read_settings
  address=$(setting listen_address 0.0.0.0)
  hosts | sed "s,.*,http://&:$(setting listen_port 3080)/," >"$scratch/pages"
  say "  executable  $bin"
  say "  settings    $config"
  say "  data        $data_dir"
  [ $systemd = no ] || say "  service     $unit_file"
  while read -r page; do say "  page        $page"; done <"$scratch/pages"
  if [ -e "$config_dir/webhook-secret" ]; then
    say "  webhook     $(head -n 1 "$scratch/pages")webhook, with the secret in $config_dir/webhook-secret"
  fi
  [ $do_config = no ] || say "              which is, for the forge: $(look cat "$config_dir/webhook-secret")"
  # It is made by the first start.
  if recipient=$(look "$bin" secret recipient --config "$config" 2>/dev/null); then say "  recipient   $recipient"; fi
  case $do_config,$repo in
    yes,ssh://* | yes,*@*:*) say "Its server must be in /etc/ssh/ssh_known_hosts; ssh-keyscan HOST tells the key" ;;
  esac
  if [ $systemd = no ]; then
    say "There is no systemd here. Run it with: cd $config_dir && ${sudo:+$sudo }$bin run"
    say "For OpenRC and runit see ${releases%/*}/blob/main/systemd/README.md"
  elif [ -n "$no_start" ]; then
    say "Start it with: ${sudo:+$sudo }systemctl enable --now harbornode"
  else
    say "Next: ${sudo:+$sudo }harbornode status. To remove it: this script with --uninstall"
  fi
}

remove() {
  if [ ! -e "$bin" ] && [ ! -e "$unit_file" ] && { [ -z "$purge" ] || [ ! -e "$config_dir" ]; }; then
    say "There is nothing to remove" && return
  fi
  read_settings
  id=$(look sed -n 's/.*"id": *"\([0-9a-f]\{16\}\)".*/\1/p' "$data_dir/device.json" 2>/dev/null) || id=''
  if [ -n "$purge" ]; then
    say "Stopped and removed for good: all that HarborNode runs, $config_dir and $data_dir"
    [ ! -x "$bin" ] || run "$bin" down --config "$config" || say "The daemon does not answer: what runs is killed"
  elif [ -x "$bin" ]; then
    say "This runs on, with nobody to restart it (to stop it: harbornode down before this, or --purge):"
    look "$bin" status --config "$config" >&2 || say "  unknown, since the daemon does not answer"
  fi
  if [ -e "$unit_file" ]; then
    [ $systemd = no ] || run systemctl disable --now harbornode
    run rm -f "$unit_file"
    [ $systemd = no ] || run systemctl daemon-reload
  fi
  for file in "$bin" "$bin.previous" "$bin.trial" "$bin.refused" "$bin.new"; do
    [ ! -e "$file" ] || run rm -f "$file"
  done
  if [ -n "$purge" ]; then purge_all; else say "What stays: $config_dir and $data_dir"; fi
}

purge_all() {
  if [ -n "$id" ]; then
    # What "down" did not reach.
    find "$root/sys/fs/cgroup" -path "*/harbornode-${id%????????}-*/cgroup.kill" 2>/dev/null >"$scratch/groups" || :
    while read -r file; do run sh -c 'echo 1 >"$1"' sh "$file"; done <"$scratch/groups"
    for kind in container network volume; do
      case $kind in container) all=--all force=--force ;; *) all='' force='' ;; esac
      has docker || break
      names=$(look docker $kind ls $all --quiet --filter "label=harbornode.device=$id") || names=''
      [ $kind != volume ] || add_claimed_volumes
      [ -z "$names" ] || run docker $kind rm $force $names
    done
    # Named by the folder's path, for a daemon whose data_dir cannot be written.
    aside=$(printf %s "${data_dir#"$root"}" | sha256sum | cut -c 1-16).aside
    for path in "$id" "$id.credentials" "$aside"; do
      [ ! -e "$root/run/harbornode/$path" ] || run rm -rf "$root/run/harbornode/$path"
    done
    [ ! -e "$root/dev/shm/harbornode-$id" ] || run rm -rf "$root/dev/shm/harbornode-$id"
    [ ! -d "$root/run/harbornode" ] || run rmdir "$root/run/harbornode" || :
    # By name, since the owner may have named a folder with more in it; what tells that it is ours goes last.
    own='lock harbornode.sock identity.txt state repository* files artifacts logs services device.json*'
    run sh -c "cd \"\$1\" && rm -rf $own" sh "$data_dir"
    run rmdir "$data_dir" || say "What else is in $data_dir stays"
  elif [ -d "$data_dir" ] && [ "$data_dir" = "${data_dir#"$config_dir"/}" ]; then
    say "$data_dir has no device.json: nothing in it is known to be HarborNode's"
  fi
  for path in "$unit_file.d" "$config_dir"; do [ ! -e "$path" ] || run rm -rf "$path"; done
  # systemd leaves it when the unit goes before what was started from it.
  group=$root/sys/fs/cgroup/system.slice/harbornode.service
  [ ! -d "$group" ] || run rmdir "$group" || :
}

# To $names: volumes without a label of their own, which containers of an earlier version had. A labelled one names each.
add_claimed_volumes() {
  for name in $(look docker volume ls --filter "label=harbornode.device=$id" --format '{{.Label "harbornode.volume"}}'); do
    case " $(printf %s "$names" | tr '\n' ' ') " in *" $name "*) continue ;; esac
    ! look docker volume inspect "$name" >/dev/null 2>&1 || names="$names $name"
  done
}

# .github/release_signers, by tests/support/embed_installer.ts.
release_signers() {
  cat <<'END'
# Who may sign a release: git's allowed_signers format, one key a line, for the name release@harbornode.
# There is no key yet, since no release was made: until there is one, nothing is published.
#
# To make one:  ssh-keygen -t ed25519 -N '' -C release@harbornode -f release_key
# Its line here:  release@harbornode namespaces="harbornode-release" ssh-ed25519 AAAA...
# The private key becomes the secret RELEASE_KEY of the environment "release", and is kept nowhere else.
END
}

# systemd/harbornode.service, by tests/support/embed_installer.ts.
unit() {
  cat <<'END'
[Unit]
Description=HarborNode: runs what a git repository says
Documentation=https://github.com/harbornode/harbornode
# Not network-online.target: a device without a network must start what it last knew.
# Units stop in reverse: Docker is there as long as the daemon has containers to stop.
After=network.target docker.service
# A device nobody looks at must never be given up on.
StartLimitIntervalSec=0

[Service]
# Started means: the page is there, what is on disk was read, and what runs was looked at once.
Type=notify
ExecStart=/usr/local/bin/harbornode
ExecReload=/usr/local/bin/harbornode reload
# While an upgrade is on trial, each start leaves a line in harbornode.trial. The third one, or one after a start that took
# too long, puts the executable before back: the new one may be able to do nothing at all.
ExecStartPre=-/bin/sh -c 'cd /usr/local/bin && test -f harbornode.trial || exit 0; \
  echo start >>harbornode.trial && test $$(grep -c ^start harbornode.trial) -lt 3 && \
  ! grep -q ^late harbornode.trial && exit 0; \
  mv -f harbornode.previous harbornode; mv -f harbornode.trial harbornode.refused; \
  echo "the upgrade did not work, and the executable before is back" >&2'
ExecStopPost=-/bin/sh -c 'test "$$SERVICE_RESULT" = timeout && cd /usr/local/bin && test -f harbornode.trial && \
  echo late >>harbornode.trial'
# config.toml is read from here.
WorkingDirectory=/etc/harbornode
# The trusted certificates of the machine, so that an authority of one's own works.
Environment=DENO_TLS_CA_STORE=system
# From /etc/credstore, for token_file = "harbornode.token". A name without a path may be missing.
LoadCredential=harbornode.token

# Boards with a slow card. Stopping takes longer only as far as the daemon asks for it.
TimeoutStartSec=3min
TimeoutStopSec=90s
# A daemon that has come to a halt is ended. Not by SIGABRT: a dump of it would hold the secrets.
WatchdogSec=1min
WatchdogSignal=SIGKILL
Restart=always
RestartSec=1s
# "harbornode down" means down, and is no failure; neither is the end that an upgrade begins with.
RestartPreventExitStatus=6
SuccessExitStatus=6 7

# The daemon alone is stopped: workloads go on while it restarts or is updated, and it finds them again.
# When the machine goes down it stops them itself, in order, before systemd ends what is left.
KillMode=process
# The control groups of native workloads are made by the daemon; systemd must not tidy them.
Delegate=yes
# Each log that is followed and each connection to the page takes one.
LimitNOFILE=524288
# When memory is short a workload goes before the daemon that would start it again.
OOMScoreAdjust=-500

# Neither ProtectSystem=, PrivateTmp=, NoNewPrivileges=, CapabilityBoundingSet= nor SystemCallFilter=: what a
# daemon gives up its children cannot get back, and a service would find another system than its author did.
# Each service is confined by itself: a user of its own, no privileges to be gained, as [policy] allows.

[Install]
WantedBy=multi-user.target
END
}

clean_up() {
  [ -z "$scratch" ] || rm -rf "$scratch"
  if [ -n "$temp" ] && [ -e "$temp" ]; then $sudo rm -f "$temp"; fi
}

main() {
  exec 3>&2
  [ $# -eq "$given" ] || fail "this script did not arrive whole" "download it again"
  umask 022
  read_arguments "$@"
  check_arguments
  name_places
  find_root
  scratch='' temp=''
  trap clean_up EXIT
  trap 'exit 130' HUP INT TERM
  if [ -n "$uninstall$purge" ]; then scratch=$(mktemp -d) && remove && return; fi
  check_machine
  [ -n "$repo" ] || [ -e "$config" ] || fail "there is no $config, and no repository was named" "add --repo URL"
  scratch=$(mktemp -d)
  find_release
  decide
  say_plan
  if [ $do_binary = yes ]; then
    [ -n "$dry_run" ] || fetch_executable
    try_executable
  fi
  if [ $do_config = yes ]; then make_config && check_config; fi
  # A connection that is lost from here on must leave nothing half done.
  trap '' HUP INT TERM
  if [ $do_binary = yes ]; then swap_executable; fi
  if [ $do_config = yes ]; then write_config; fi
  if [ $do_unit = yes ]; then write_unit; fi
  if [ $do_service = yes ]; then start_service; fi
  report
}

# Last, and alone outside of the functions: a download that breaks off before this line has run nothing.
main "$@"
