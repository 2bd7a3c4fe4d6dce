#!/bin/sh
# Installs HarborNode, or brings it up to date:
#
#   curl -fsSL https://github.com/harbornode/harbornode/releases/latest/download/install.sh |
#     sudo sh -s -- --repo https://git.example.org/fleet.git
#
#   --repo URL         the repository that the device follows; needed once, for a new config.toml
#   --branch NAME      its branch (default: main)
#   --token-file FILE  a file with a token that may read it; copied to /etc/harbornode/token
#   --device NAME      the device's name (default: the host's)
#   --no-start         put the files in place, start nothing
#   --dry-run          say what would be done, change nothing
#   --help             this text
#
#   HARBORNODE_BASE_URL  where the release is (default: the latest one on GitHub)
#   DESTDIR              put the files below this folder and start nothing, as packagers do
#
# What it writes: /usr/local/bin/harbornode, /etc/harbornode/config.toml and token (never over what is there),
# /etc/systemd/system/harbornode.service. A second run changes nothing and says so.
set -eu

RELEASE=https://github.com/harbornode/harbornode/releases/latest/download
# Below this the executable does not start: https://docs.deno.com/runtime/getting_started/installation/
OLDEST_GLIBC=2.27

repo=
branch=main
token_file=
device=
start=yes
dry_run=no
base_url=${HARBORNODE_BASE_URL:-$RELEASE}
root=${DESTDIR:-}
bin=$root/usr/local/bin/harbornode
etc=$root/etc/harbornode
unit=$root/etc/systemd/system/harbornode.service
# What to remove at the end, however it ends.
scratch=
fresh=

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "error: $1"
  shift
  for hint in "$@"; do say "  hint: $hint"; done
  exit 1
}

misuse() {
  say "error: $1"
  say "  hint: --help shows every option"
  exit 2
}

# Shows each command that changes the machine before it is run.
run() {
  say "+ $*"
  "$@"
}

has() { command -v "$1" >/dev/null 2>&1; }

usage() {
  cat <<'TEXT'
Installs HarborNode, or brings it up to date.

  --repo URL         the repository that the device follows; needed once
  --branch NAME      its branch (default: main)
  --token-file FILE  a file with a token that may read it
  --device NAME      the device's name (default: the host's)
  --no-start         put the files in place, start nothing
  --dry-run          say what would be done, change nothing
  --help             this text

  HARBORNODE_BASE_URL  where the release is (default: the latest on GitHub)
  DESTDIR              put the files below this folder and start nothing
TEXT
}

read_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --repo | --branch | --token-file | --device)
        [ $# -ge 2 ] || misuse "$1 needs a value"
        case $1 in
          --repo) repo=$2 ;;
          --branch) branch=$2 ;;
          --token-file) token_file=$2 ;;
          --device) device=$2 ;;
        esac
        shift 2
        ;;
      --no-start) start=no && shift ;;
      --dry-run) dry_run=yes && shift ;;
      --help | -h) usage && exit 0 ;;
      *) misuse "there is no option \"$1\"" ;;
    esac
  done
  [ -z "$root" ] || start=no
  for value in "$repo" "$branch" "$device"; do
    # They are written between double quotes into config.toml.
    case $value in *[\"\\[:space:][:cntrl:]]*) misuse "\"$value\" holds a character that can not be in it" ;; esac
  done
  case $repo in
    *://*@*) misuse "the URL holds credentials; put the token into a file, and use --token-file" ;;
  esac
  [ -e "$etc/config.toml" ] || [ -n "$repo" ] ||
    misuse "--repo URL is missing, and there is no $etc/config.toml yet"
  [ -z "$token_file" ] || [ -s "$token_file" ] || fail "\"$token_file\" is no file with a token in it"
}

# Sets `arch`, or says by name what is in the way.
look_at_the_machine() {
  system=$(uname -s)
  [ "$system" = Linux ] || fail "HarborNode runs on Linux, and this is \"$system\""
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) arch=x86_64 ;;
    aarch64 | arm64) arch=aarch64 ;;
    *) fail "there is no HarborNode for \"$machine\", only for x86_64 and aarch64" ;;
  esac
  # A 32-bit Raspberry Pi OS boots a 64-bit kernel: uname says aarch64, and no 64-bit program can run.
  if has getconf && [ "$(getconf LONG_BIT)" = 32 ]; then
    fail "the kernel is 64-bit ($machine), but this system's programs are 32-bit" "install the 64-bit system"
  fi
  if has ldd && ldd --version 2>&1 | grep -qi musl; then
    fail "this system uses musl (as Alpine does), and HarborNode needs glibc" "use Debian, Ubuntu, Fedora or another system with glibc"
  fi
  glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d ' ' -f 2) || glibc=
  if [ -n "$glibc" ] && [ "$(printf '%s\n' "$OLDEST_GLIBC" "$glibc" | sort -V | head -n 1)" != "$OLDEST_GLIBC" ]; then
    fail "this system has glibc $glibc, and HarborNode needs $OLDEST_GLIBC or later"
  fi
  has curl || has wget || fail "neither curl nor wget is here" "install one of the two"
  has sha256sum || fail "sha256sum is not here, and nothing is installed unchecked" "install coreutils"
  if [ -z "$root" ] && [ "$dry_run" = no ] && [ "$(id -u)" != 0 ]; then
    fail "only root can install HarborNode" "say \"curl ... | sudo sh -s -- ...\""
  fi
}

# download NAME FILE
download() {
  url=$base_url/$1
  case $base_url in
    https://*) secure=yes ;;
    http://*) secure=no ;;
    *) misuse "HARBORNODE_BASE_URL is \"$base_url\", wanted an address that begins with https://" ;;
  esac
  if has curl && [ $secure = yes ]; then
    curl -fsSL --proto '=https' --tlsv1.2 --retry 3 -o "$2" "$url" || unreachable "$url"
  elif has curl; then
    curl -fsSL --retry 3 -o "$2" "$url" || unreachable "$url"
  else
    wget -q -O "$2" "$url" || unreachable "$url"
  fi
}

unreachable() {
  fail "cannot download $1" "open it in a browser; behind a proxy, set HTTPS_PROXY" "nothing was changed"
}

sum_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

# The sum that the release gives for a file.
sum_in_release() {
  awk -v name="$1" '$2 == name { print $1 }' "$scratch/SHA256SUMS" | grep -E '^[0-9a-f]{64}$' ||
    fail "SHA256SUMS of the release does not name \"$1\"" "nothing was changed"
}

# is_current FILE NAME
is_current() { [ -f "$1" ] && [ "$(sum_of "$1")" = "$(sum_in_release "$2")" ]; }

# The sum guards against a download that was cut or damaged; it comes from the same place as the file.
# fetch NAME FILE
fetch() {
  download "$1" "$2"
  [ "$(sum_of "$2")" = "$(sum_in_release "$1")" ] ||
    fail "$1 is not what SHA256SUMS of the release says" "try again; if it stays so, do not use this release" "nothing was changed"
}

install_binary() {
  mkdir -p "${bin%/*}"
  # Beside its place: only within one file system is a rename atomic, and a running one is never half-written.
  fresh=$(mktemp "${bin%/*}/.harbornode.XXXXXX")
  fetch "harbornode-linux-$arch" "$fresh"
  chmod 755 "$fresh"
  # Before the old one is gone: another libc, another architecture or a "noexec" folder is found here.
  version=$("$fresh" version) ||
    fail "the new executable does not run on this machine" "is ${bin%/*} mounted noexec?" "nothing was changed"
  run mv -f "$fresh" "$bin"
  fresh=
}

write_settings() {
  mkdir -p "$etc"
  if [ -n "$token_file" ]; then
    (umask 077 && cat "$token_file" >"$etc/token.new")
    run mv -f "$etc/token.new" "$etc/token"
  fi
  {
    [ -z "$device" ] || printf 'device = "%s"\n' "$device"
    printf 'data_dir = "/var/lib/harbornode"\n\n[repo]\nurl = "%s"\nbranch = "%s"\n' "$repo" "$branch"
    [ -z "$token_file" ] || printf 'token_file = "token"\n'
  } >"$etc/config.toml.new"
  run mv -f "$etc/config.toml.new" "$etc/config.toml"
}

install_unit() {
  mkdir -p "${unit%/*}"
  fetch harbornode.service "$scratch/harbornode.service"
  cp "$scratch/harbornode.service" "$unit.new"
  chmod 644 "$unit.new"
  run mv -f "$unit.new" "$unit"
  [ -n "$root" ] || [ "$systemd" = no ] || run systemctl daemon-reload
}

start_daemon() {
  run systemctl enable harbornode
  run systemctl restart harbornode
  tries=0
  # The page answers before anything is synced: half a minute is for the slowest of boards.
  until answers "http://127.0.0.1:$(setting listen_port 3080)/healthz"; do
    tries=$((tries + 1))
    if [ $tries -ge 30 ]; then
      journalctl -u harbornode -n 20 --no-pager >&2 || true
      fail "the daemon was started, and its page does not answer" "journalctl -u harbornode" "systemctl restart harbornode"
    fi
    sleep 1
  done
}

answers() {
  if has curl; then curl -fsS -o /dev/null --max-time 2 "$1" 2>/dev/null; else wget -q -T 2 -O /dev/null "$1" 2>/dev/null; fi
}

# setting NAME DEFAULT: of config.toml, as far as one line tells it
setting() {
  value=$(sed -n "s/^$1 *= *\"\{0,1\}\([^\" #]*\).*/\1/p" "$etc/config.toml" 2>/dev/null | head -n 1)
  printf '%s' "${value:-$2}"
}

page() {
  address=$(setting listen_address 0.0.0.0)
  case $address in
    0.0.0.0 | ::) address=$(hostname -I 2>/dev/null | cut -d ' ' -f 1) ;;
  esac
  printf 'http://%s:%s/' "${address:-localhost}" "$(setting listen_port 3080)"
}

clean_up() { rm -rf ${scratch:+"$scratch"} ${fresh:+"$fresh"}; }

main() {
  umask 022
  read_options "$@"
  look_at_the_machine
  systemd=no
  [ ! -d /run/systemd/system ] || systemd=yes
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP
  scratch=$(mktemp -d)
  download SHA256SUMS "$scratch/SHA256SUMS"

  new_binary=yes new_settings=yes new_unit=yes
  ! is_current "$bin" "harbornode-linux-$arch" || new_binary=no
  [ ! -e "$etc/config.toml" ] || new_settings=no
  ! is_current "$unit" harbornode.service || new_unit=no

  say "HarborNode for $arch from $base_url"
  [ $new_binary = no ] && say "  $bin is up to date" || say "  $bin will be put in place"
  [ $new_settings = no ] && say "  $etc/config.toml is kept as it is" || say "  $etc/config.toml will be written for $repo"
  [ $new_unit = no ] && say "  $unit is up to date" || say "  $unit will be put in place"
  [ "$dry_run" = no ] || { say "nothing was changed: --dry-run" && return; }

  [ $new_binary = no ] || install_binary
  [ $new_settings = no ] || write_settings
  [ $new_unit = no ] || install_unit
  finish
}

finish() {
  if [ "$start" = no ]; then
    say "in place; start it with: systemctl enable --now harbornode"
  elif [ "$systemd" = no ]; then
    say "in place; there is no systemd here, start it with: cd $etc && $bin"
  elif [ "$new_binary$new_settings$new_unit" = nonono ] && systemctl is-active --quiet harbornode; then
    say "nothing to do: it is installed and runs; its page: $(page)"
  else
    start_daemon
    say "it runs: ${version:-$("$bin" version)}"
    say "its page: $(page)"
    say "see what it does with \"harbornode status\"; undo: systemctl disable --now harbornode, then remove $bin, $etc and $unit"
  fi
}

# The last line, and in braces: a script that was cut on its way does nothing at all.
{ main "$@"; }
