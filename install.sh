#!/bin/sh
# Installs HarborNode, or brings it up to date. Run it again whenever you like.
#
#   curl -fsSL https://github.com/harbornode/harbornode/releases/latest/download/install.sh |
#     sh -s -- --repo https://git.example.org/me/fleet.git
#
# Flags, each with its variable:
#   --repo URL         HARBORNODE_REPO        the repository (needed where there is no config.toml yet)
#   --branch NAME      HARBORNODE_BRANCH      its branch; default: main
#   --token-file FILE  HARBORNODE_TOKEN_FILE  a file with a token that can read it; an absolute path
#   --device NAME      HARBORNODE_DEVICE      the device's name; default: the host's
#   --no-start                                leave the service as it is: not enabled, not started, not restarted
#   --dry-run                                 show what would be done and change nothing
#   --help                                    show this
# Variables without a flag:
#   HARBORNODE_BASE_URL  where the executable and SHA256SUMS are, for a mirror or one version
#   HARBORNODE_ROOT      a folder to install into instead of /, for tests and images
set -eu

# How many arguments there are: main compares, because a download cut after the word "main" would lose them.
given=$#

say() { printf '%s\n' "$*" >&2; }

# fail SENTENCE [HINT]
fail() {
  say "error: $1"
  [ $# -lt 2 ] || say "  hint: $2"
  exit 1
}

usage() {
  cat <<'END'
usage: install.sh --repo URL [--branch NAME] [--token-file FILE]
                  [--device NAME] [--no-start] [--dry-run]

  --repo URL         the repository (needed where there is no config.toml yet)
  --branch NAME      its branch; default: main
  --token-file FILE  a file with a token that can read it; an absolute path
  --device NAME      the device's name; default: the host's
  --no-start         leave the service as it is: neither enabled nor (re)started
  --dry-run          show what would be done and change nothing

HARBORNODE_REPO, _BRANCH, _TOKEN_FILE and _DEVICE do the same;
HARBORNODE_BASE_URL is where to download from.
END
}

read_arguments() {
  repo=${HARBORNODE_REPO:-} branch=${HARBORNODE_BRANCH:-main} token_file=${HARBORNODE_TOKEN_FILE:-}
  device=${HARBORNODE_DEVICE:-} start=yes dry_run=no
  while [ $# -gt 0 ]; do
    case $1 in
      --repo | --branch | --token-file | --device)
        [ $# -ge 2 ] || fail "$1 needs a value"
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
      *) fail "there is no flag \"$1\"" "--help lists them" ;;
    esac
  done
  # These go into TOML between double quotes.
  case $repo$branch$token_file in
    *[\"\\[:cntrl:]]*) fail "a value has a quote, a backslash or a control character" "write config.toml by hand" ;;
  esac
  case $repo in
    '' | https://* | http://* | /*) ;;
    *) fail "--repo is \"$repo\", wanted https://... or the absolute path of a local repository" ;;
  esac
  case $token_file in '' | /*) ;; *) fail "--token-file is \"$token_file\", wanted an absolute path" ;; esac
  case $device in *[!a-zA-Z0-9._-]*) fail "--device is \"$device\", wanted letters, digits, . _ and -" ;; esac
}

name_places() {
  root=${HARBORNODE_ROOT:-}
  base_url=${HARBORNODE_BASE_URL:-https://github.com/harbornode/harbornode/releases/latest/download}
  bin_dir=$root/usr/local/bin
  bin=$bin_dir/harbornode
  config_dir=$root/etc/harbornode
  config=$config_dir/config.toml
  unit_file=$root/etc/systemd/system/harbornode.service
}

check_machine() {
  system=$(uname -s)
  [ "$system" = Linux ] || fail "this is $system, and HarborNode needs Linux"
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) arch=x86_64 ;;
    aarch64 | arm64) arch=aarch64 ;;
    *) fail "this machine is $machine, and HarborNode is made for x86_64 and aarch64 alone" \
      "a Raspberry Pi 3 or newer is aarch64 with a 64-bit system" ;;
  esac
  # A 64-bit kernel below a 32-bit system names itself x86_64 or aarch64 too.
  bits=$(getconf LONG_BIT 2>/dev/null || echo unknown)
  [ "$bits" != 32 ] || fail "the kernel is $machine, and the programs of this system are 32-bit" \
    "install the 64-bit edition of the system"
  # A glibc system may have musl beside it: the file of musl counts only where ldd does not say glibc.
  libc=$(ldd --version 2>&1 || true)
  case $libc in
    *musl*) musl=yes ;;
    *GLIBC* | *GNU* | *glibc*) musl=no ;;
    *) musl=no && for file in /lib/ld-musl-*; do [ ! -e "$file" ] || musl=yes; done ;;
  esac
  [ "$musl" = no ] || fail "this system is built on musl, and HarborNode needs glibc 2.27 or newer" \
    "use Debian, Ubuntu, Fedora or another system with glibc; Alpine has none"
  command -v sha256sum >/dev/null || fail "there is no sha256sum" "install coreutils"
  command -v curl >/dev/null || command -v wget >/dev/null || fail "there is neither curl nor wget" "install curl"
}

find_root() {
  sudo=''
  if [ "$(id -u)" = 0 ] || [ -n "$root" ] || [ "$dry_run" = yes ]; then return; fi
  command -v sudo >/dev/null || fail "this needs root, and there is no sudo" "become root with su - and run it again"
  sudo=sudo
}

# Every command that changes the machine goes through here and is shown first.
run() {
  if [ "$dry_run" = yes ]; then say "would run: $*" && return; fi
  say "+ ${sudo:+$sudo }$*"
  # Empty, or one word.
  # shellcheck disable=SC2086
  $sudo "$@" </dev/null
}

# download URL FILE, through a prefix (run, or nothing); "-" writes to stdout. Over https no redirect leaves https.
download() {
  url=$1 file=$2
  shift 2
  if command -v curl >/dev/null; then
    case $url in https://*) protocols='=https' ;; *) protocols='=http,https' ;; esac
    "$@" curl -fsSL --retry 3 --proto "$protocols" -o "$file" "$url"
  else
    "$@" wget -q -O "$file" "$url"
  fi || fail "$url can not be downloaded" "look at the address, the network and https_proxy"
}

hash_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

expected_hash() {
  sums=$(download "$base_url/SHA256SUMS" - command)
  wanted=$(printf '%s\n' "$sums" | while read -r hash name; do
    if [ "${name#\*}" = "$asset" ]; then echo "$hash"; fi
  done)
  [ ${#wanted} -eq 64 ] || fail "$base_url/SHA256SUMS has no line for $asset" "nothing was changed"
}

install_executable() {
  asset=harbornode-linux-$arch
  expected_hash
  if [ -f "$bin" ] && [ "$(hash_of "$bin")" = "$wanted" ]; then return; fi
  changed=yes
  run mkdir -p "$bin_dir"
  # In the folder where it is going: a rename is whole or not at all only inside one file system.
  temp=$bin_dir/.harbornode.$$
  download "$base_url/$asset" "$temp" run
  if [ "$dry_run" = no ]; then
    # Guards against a broken or mixed-up download. It does not prove who made it: the sums come from the same place.
    [ "$(hash_of "$temp")" = "$wanted" ] || fail "the sha256 of $asset is not the one in SHA256SUMS" \
      "the download is broken or mixed up; nothing was changed; try again"
  fi
  run chmod 755 "$temp"
  if [ "$dry_run" = no ]; then
    version=$("$temp" version </dev/null) || fail "the new executable does not run here; nothing was changed" \
      "it needs glibc 2.27 or newer, and $bin_dir must not be mounted noexec"
    say "$version"
  fi
  [ ! -e "$bin" ] || run ln -f "$bin" "$bin.previous"
  run mv -f "$temp" "$bin"
}

write_config() {
  if [ -e "$config" ]; then
    [ -z "$repo" ] || say "$config is there and stays as it is"
    return
  fi
  changed=yes
  {
    if [ -n "$device" ]; then printf 'device = "%s"\n\n' "$device"; fi
    printf '[repo]\nurl = "%s"\nbranch = "%s"\n' "$repo" "$branch"
    if [ -n "$token_file" ]; then printf 'token_file = "%s"\n' "$token_file"; fi
  } >"$scratch/config.toml"
  run mkdir -p "$config_dir"
  run chmod 755 "$config_dir"
  run install -m 600 "$scratch/config.toml" "$config"
}

# The same as systemd/harbornode.service.
unit() {
  cat <<'END'
[Unit]
Description=HarborNode: runs what a git repository says
Documentation=https://github.com/harbornode/harbornode
# Not network-online.target: a device without a network must start what it last knew.
After=network.target docker.service
# A device nobody looks at must never be given up on.
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/bin/harbornode
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
Restart=always
RestartSec=1
# "harbornode down" means down.
RestartPreventExitStatus=6
# The daemon alone is stopped: workloads go on while it restarts or is updated, and it finds them again.
KillMode=process
# The control groups of native workloads are made below this one; systemd must not tidy them.
Delegate=yes
# Each log that is followed and each connection to the page takes one.
LimitNOFILE=65536
# When memory is short a workload goes before the daemon that would start it again.
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
END
}

start_service() {
  if [ -f "$unit_file" ] && [ "$(cat "$unit_file")" = "$(unit)" ]; then :; else
    changed=yes
    unit >"$scratch/harbornode.service"
    run mkdir -p "${unit_file%/*}"
    run install -m 644 "$scratch/harbornode.service" "$unit_file"
    run systemctl daemon-reload
  fi
  [ "$start" = yes ] || return 0
  if systemctl is-active --quiet harbornode && systemctl is-enabled --quiet harbornode; then
    [ "$changed" = no ] || run systemctl restart harbornode
  else
    changed=yes
    run systemctl enable --now harbornode
  fi
}

report() {
  if [ "$dry_run" = yes ]; then say "This was a dry run: nothing was changed" && return; fi
  if [ "$changed" = no ]; then say "Nothing changed: this is the newest version already"; fi
  say "  executable  $bin"
  say "  settings    $config"
  if [ "$systemd" = yes ]; then say "  service     $unit_file"; fi
  if [ "$systemd" = no ]; then
    say "There is no systemd here. Run it with: cd $config_dir && ${sudo:+$sudo }$bin run"
  elif [ "$start" = no ]; then
    say "Start it with: ${sudo:+$sudo }systemctl enable --now harbornode"
  fi
  say "  page        http://$(uname -n):3080/"
}

clean_up() {
  [ -z "$scratch" ] || rm -rf "$scratch"
  # Empty, or one word.
  # shellcheck disable=SC2086
  if [ -n "$temp" ] && [ -e "$temp" ]; then $sudo rm -f "$temp"; fi
}

main() {
  [ $# -eq "$given" ] || fail "this script did not arrive whole" "download it again"
  read_arguments "$@"
  name_places
  check_machine
  [ -n "$repo" ] || [ -e "$config" ] || fail "there is no $config, and no repository was named" "add --repo URL"
  find_root
  changed=no scratch='' temp='' systemd=no
  trap clean_up EXIT
  trap 'exit 130' HUP INT TERM
  scratch=$(mktemp -d)
  if [ -d "$root/run/systemd/system" ] && command -v systemctl >/dev/null; then systemd=yes; fi
  install_executable
  write_config
  if [ "$systemd" = yes ]; then start_service; fi
  report
}

# Last, and alone outside of the functions: a download that breaks off before this line has run nothing.
main "$@"
