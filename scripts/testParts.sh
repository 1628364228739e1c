#!/usr/bin/env bash
# Brings what the tests need of the system and do not find: on Debian, as root, or with sudo where it asks for nothing.
# Where it may not, it says in one line what to type, and fails. Where all is there, it takes a moment and no network.
set -uo pipefail
cd "$(dirname "$0")/.."

# Programs, and the Debian packages that bring them.
readonly NEEDS='bzip2:bzip2 dbus-daemon:dbus dbus-send:dbus faketime:faketime fish:fish git-lfs:git-lfs
  gnome-keyring-daemon:gnome-keyring ip:iproute2 man:man-db openssl:openssl patchelf:patchelf script:bsdutils
  microsocks:microsocks strace:strace tinyproxy:tinyproxy-bin unshare:util-linux valgrind:valgrind zsh:zsh'

# Of these, only the system's own will do: those that users bring look for their parts in a home. And where another root is
# (SYSTEM), for the test of this script.
readonly FILES='bin/cargo:cargo bin/composer:composer bin/go:golang-go bin/pip3:python3-pip
  lib/python3/dist-packages/pygit2:python3-pygit2'

find_missing() {
  local need
  for need in $NEEDS; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${need%:*}" >/dev/null || echo "${need#*:}"
  done
  for need in $FILES; do
    [ -e "${SYSTEM:-}/usr/${need%:*}" ] || echo "${need#*:}"
  done
  # Chromium comes inside an npm package, but for this library. (Not grep -q, which ends at once: a writer that is cut off
  # counts as a failure.)
  PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null | grep 'libnss3\.so' >/dev/null || echo libnss3
}

have_gits() {
  local suite
  for suite in trixie sid; do
    ".gits/$suite/bin/git" --version && ".gits/$suite/bin/git-lfs" --version || return
  done >/dev/null 2>&1
}

# What a command says is of interest where it fails.
quietly() {
  local output
  output=$("$@" 2>&1) && return
  [ -z "$output" ] || echo "$output" >&2
  return 1
}

give_up() {
  echo "the tests need more of this system: $*" >&2
  exit 1
}

missing=$(find_missing | sort -u | tr '\n' ' ')
if [ -n "$missing" ]; then
  command -v apt-get >/dev/null || give_up "they run on Debian, with ${missing% }"
  apt="apt-get update && apt-get install --yes --no-install-recommends ${missing% }"
  if [ "$(id -u)" -eq 0 ]; then
    way=(sh -c)
  elif sudo -n true 2>/dev/null; then
    way=(sudo -n sh -c)
  else
    give_up "type: sudo sh -c '$apt'"
  fi
  echo "bringing ${missing% }"
  quietly "${way[@]}" "export DEBIAN_FRONTEND=noninteractive; $apt" || give_up "type: sudo sh -c '$apt'"
  missing=$(find_missing | sort -u | tr '\n' ' ')
  [ -z "$missing" ] || give_up "${missing}did not bring what it should"
fi

if ! have_gits; then
  echo 'bringing the git of two other Debian releases'
  quietly scripts/gits.sh || give_up 'type: scripts/gits.sh'
  have_gits || give_up 'what scripts/gits.sh has brought into .gits does not run'
fi
