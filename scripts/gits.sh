#!/usr/bin/env bash
# Brings other versions of git and git-lfs beside the system's, for the tests that run on several: those of Debian's
# suites trixie and sid, into .gits/. On Debian only; needs apt and patchelf, changes nothing of the system, and takes a
# quarter of a minute.
set -euo pipefail
cd "$(dirname "$0")/.."

for need in apt-get dpkg-deb patchelf; do
  command -v "$need" >/dev/null || { echo "gits.sh: $need is missing (it works on Debian, with patchelf installed)" >&2; exit 1; }
done

# Where this system's own packages come from.
mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' | sed -n 's/^Debian //p' | grep -v security | head -n 1)
[ -n "$mirror" ] || { echo 'gits.sh: no Debian mirror is known here: run apt-get update first' >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# apt, with lists and a state of its own: as far as it knows, nothing is installed. A mirror may be one of another day.
apt_of() {
  local own=$scratch/$1
  shift
  apt-get -qq -o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Acquire::Check-Valid-Until=false \
    -o Dir::Etc::sourcelist="$own/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
    -o Dir::State::lists="$own/lists" -o Dir::State::status="$own/status" -o Dir::Cache="$own/cache" "$@"
}

# Its programs find the libraries of their suite, the C library too, by their place below .gits.
adapt() {
  local root=$1 libraries interpreter file
  libraries=$(dirname "$(find "$root/usr" -name 'libc.so.6')")
  interpreter=$(find "$libraries" -name 'ld-linux*' | head -n 1)
  find "$root"/usr/bin/git{,-lfs} "$root/usr/lib/git-core" -type f -perm /111 | while read -r file; do
    # The others are scripts.
    if patchelf --print-interpreter "$file" >/dev/null 2>&1; then
      patchelf --set-interpreter "$interpreter" --force-rpath --set-rpath "$libraries" "$file"
    fi
  done
  mkdir "$root/bin"
  cat >"$root/bin/git" <<END
#!/bin/sh
GIT_EXEC_PATH='$root/usr/lib/git-core' GIT_TEMPLATE_DIR='$root/usr/share/git-core/templates' exec '$root/usr/bin/git' "\$@"
END
  chmod 755 "$root/bin/git"
  ln -s ../usr/bin/git-lfs "$root/bin/git-lfs"
}

for suite in trixie sid; do
  own=$scratch/$suite
  root=$PWD/.gits/$suite
  mkdir -p "$own/lists/partial" "$own/cache/archives/partial"
  : >"$own/status"
  echo "deb $mirror $suite main" >"$own/sources.list"
  apt_of "$suite" update
  apt_of "$suite" install --download-only --yes git git-lfs
  rm -rf "$root"
  mkdir -p "$root"
  for package in "$own"/cache/archives/*.deb; do dpkg-deb --extract "$package" "$root"; done
  # Git's few programs in Perl are for mail and other systems' repositories.
  rm -rf "${root:?}"/{etc,var} "$root"/usr/share/{doc,i18n,locale,man,perl} "$root"/usr/lib/*/{gconv,perl,perl-base}
  adapt "$root"
  "$root/bin/git" --version
  "$root/bin/git-lfs" --version
done
