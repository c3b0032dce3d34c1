#!/bin/sh
# Installs the executable of llamactl from a local file. Downloads nothing, and needs no root.
set -eu

usage() {
  cat <<'TEXT'
Usage: sh install.sh [--prefix FOLDER] [--sha256 CHECKSUM] FILE
       sh install.sh [--prefix FOLDER] --uninstall

FILE is llamactl-VERSION-PLATFORM.tar.gz of a release, or the executable itself.
Its checksum must be in SHA256SUMS beside it, or equal --sha256.

  --prefix FOLDER    installs FOLDER/bin/llamactl (default: PREFIX, else
                     ~/.local, for root /usr/local)
  --sha256 CHECKSUM  of FILE, in place of SHA256SUMS
  --uninstall        removes the executable; data and configuration stay
TEXT
}

say() { printf '%s\n' "$1"; }
fail() {
  printf 'install.sh: %s\n' "$1" >&2
  exit "${2:-1}"
}

prefix=${PREFIX:-}
expected=
file=
uninstall=
while [ $# -gt 0 ]; do
  case $1 in
  --prefix | --sha256)
    [ -n "${2:-}" ] || fail "$1 needs a value" 2
    if [ "$1" = --prefix ]; then prefix=$2; else expected=$2; fi
    shift
    ;;
  --prefix=*) prefix=${1#*=} ;;
  --sha256=*) expected=${1#*=} ;;
  --uninstall) uninstall=yes ;;
  -h | --help)
    usage
    exit 0
    ;;
  -*) fail "unknown option $1; --help lists all" 2 ;;
  *)
    [ -z "$file" ] || fail "one file is enough: $file or $1" 2
    file=$1
    ;;
  esac
  shift
done

if [ -z "$prefix" ]; then
  if [ "$(id -u)" -eq 0 ]; then prefix=/usr/local; else prefix=${HOME:?}/.local; fi
fi
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
folder=${prefix%/}/bin
target=$folder/llamactl
[ ! -d "$target" ] || fail "$target is a folder"

# The processes that run a file. /proc marks a file that was replaced with " (deleted)", so these do not count.
processes_of() {
  ls -l /proc/[0-9]*/exe 2>/dev/null | while IFS= read -r line; do
    case $line in *" -> $1")
      pid=${line#*/proc/}
      printf ' %s' "${pid%%/*}"
      ;;
    esac
  done
}

if [ -n "$uninstall" ]; then
  [ -z "$file" ] || fail "--uninstall takes no file" 2
  if [ ! -e "$target" ] && [ ! -L "$target" ]; then
    say "$target does not exist: nothing to remove"
    exit 0
  fi
  running=$(processes_of "$(readlink -f "$target" || true)")
  [ -z "$running" ] || fail "$target is running (process$running). First remove its service and stop it:
  llamactl service uninstall
  llamactl down --stop-engines"
  rm -f "$target"
  say "removed $target"
  say "data and configuration stay in ~/.local/share/llamactl and ~/.config/llamactl"
  exit 0
fi

[ -n "$file" ] || {
  usage >&2
  exit 2
}
[ -f "$file" ] || fail "$file does not exist"
[ -r "$file" ] || fail "$file cannot be read"

# The name of a file in SHA256SUMS stands after its checksum and two characters.
name=$(basename "$file")
if [ -z "$expected" ]; then
  sums=$(dirname "$file")/SHA256SUMS
  [ -r "$sums" ] || fail "no checksum to compare: put SHA256SUMS of the release beside $file, or add --sha256 CHECKSUM"
  # Also a last line without an end, and the ends of lines of Windows.
  while read -r sum listed || [ -n "$sum" ]; do
    listed=${listed%"$(printf '\r')"}
    [ "${listed#\*}" != "$name" ] || expected=$sum
  done <"$sums"
  [ -n "$expected" ] || fail "$sums does not list $name"
fi
if command -v sha256sum >/dev/null; then actual=$(sha256sum <"$file"); else actual=$(shasum -a 256 <"$file"); fi
actual=${actual%% *}
[ "$actual" = "$(printf %s "$expected" | tr A-F a-f)" ] || fail "$file is damaged or another file: its checksum is
  $actual, and should be
  $expected"

mkdir -p "$folder" 2>/dev/null && [ -w "$folder" ] || fail "$folder cannot be written; choose another with --prefix"
# In the same folder: a rename within it replaces the program at once, also one that runs.
work=$(mktemp -d "$folder/.llamactl.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
case $name in
*.tar.gz | *.tgz)
  tar -xozf "$file" -C "$work" || fail "$file cannot be unpacked"
  new=
  for each in "$work"/*/llamactl; do [ ! -f "$each" ] || new=$each; done
  [ -n "$new" ] || fail "$file has no llamactl"
  ;;
*)
  new=$work/llamactl
  cp "$file" "$new"
  ;;
esac
chmod 755 "$new"
version=$("$new" version) || fail "$file does not run on this machine ($(uname -s) $(uname -m))"

next='llamactl up    # starts a server in the background'
if [ -f "$target" ] && cmp -s "$new" "$target"; then
  say "$target is up to date: $version"
else
  before=
  [ ! -x "$target" ] || before=$("$target" version 2>/dev/null || true)
  running=$(processes_of "$(readlink -f "$target" || true)")
  mv -f "$new" "$target"
  say "installed $target: $version"
  [ -z "$before" ] || say "it replaces $before"
  if [ -n "$running" ]; then
    say "the old program still runs (process$running)"
    next='llamactl reload    # replaces the running server, without a refused request'
  fi
fi

found=$(command -v llamactl || true)
case :$PATH: in
*:"$folder":*)
  if [ -n "$found" ] && [ "$found" != "$target" ]; then say "warning: llamactl means $found, which is earlier in PATH"; fi
  ;;
*)
  say "$folder is not in PATH. To add it, put this line into ~/.profile, and log in again:"
  say "  export PATH=\"$folder:\$PATH\""
  ;;
esac
say "next: $next"
