#!/usr/bin/env bash
# Builds the native front: the cached path by QuickJS. On Debian only; needs a C compiler. QuickJS comes from Debian's source, pinned.
#
#   scripts/front.sh OUT [static|dynamic|sanitized] [ENTRY]   with CC, the compiler (gcc), for another system one that builds for it
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=2025.04.26
SHA256=ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe

out=${1:?scripts/front.sh OUT [static|dynamic|sanitized]}
form=${2:-static}
compiler=${CC:-gcc}
for need in "$compiler" gcc make xz; do
  command -v "$need" >/dev/null || { echo "front.sh: $need is missing: apt-get install gcc libc6-dev make xz-utils" >&2; exit 1; }
done

source=${XDG_CACHE_HOME:-$HOME/.cache}/git-credential-bitbucket-oauth-tests/quickjs-$VERSION
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Debian's source, kept between builds; a compiler of its bytecode is made for this machine.
fetch() {
  local mirror archive
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' | sed -n 's/^Debian //p' | grep -v security | head -n 1)
  [ -n "$mirror" ] || { echo 'front.sh: no Debian mirror is known here: run apt-get update first' >&2; exit 1; }
  mkdir -p "$scratch"/{lists,cache/archives}/partial "$scratch/made"
  : >"$scratch/status"
  echo "deb-src $mirror trixie main" >"$scratch/sources.list"
  apt_own() {
    apt-get -qq -o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false -o Dir::Etc::sourcelist="$scratch/sources.list" \
      -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$scratch/lists" -o Dir::State::status="$scratch/status" \
      -o Dir::Cache="$scratch/cache" "$@"
  }
  apt_own update
  (cd "$scratch" && apt_own source --download-only "quickjs=$VERSION-1")
  archive=$scratch/quickjs_$VERSION.orig.tar.xz
  echo "$SHA256  $archive" | sha256sum --check --quiet
  tar -xJf "$archive" -C "$scratch/made" --strip-components=1
  # Without link-time optimization, which only slows this down.
  make -s -C "$scratch/made" CONFIG_LTO= qjsc >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
  mkdir -p "$(dirname "$source")"
  rm -rf "$source"
  mv "$scratch/made" "$source"
}
[ -x "$source/qjsc" ] || fetch

node --import=ts-blank-space/register scripts/front.ts "$scratch/front.js" ${3:+"$3"}
(cd "$scratch" && "$source/qjsc" -c -s -N front_code -o front_code.h front.js)

# What QuickJS' own makefile sets. The paths of this machine stay out of the program.
flags=(-O2 -std=gnu11 -fwrapv -funsigned-char -D_GNU_SOURCE "-DCONFIG_VERSION=\"$VERSION\"" -I"$source" -I"$scratch"
  -ffunction-sections -fdata-sections "-ffile-prefix-map=$source=." "-ffile-prefix-map=$scratch=.")
hard=(-fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wl,--gc-sections -s)
case $("$compiler" -dumpmachine) in
  *mingw*) system=windows libraries=(-lm -lpthread) ;;
  *) system=posix libraries=(-lm) ;;
esac
case $form/$system in
  static/posix) flags+=("${hard[@]}" -Wl,-z,relro,-z,now -fPIE -static-pie) ;;
  dynamic/posix) flags+=("${hard[@]}" -Wl,-z,relro,-z,now -fPIE -pie) ;;
  static/windows) flags+=("${hard[@]}" -static -Wl,--dynamicbase,--nxcompat,--high-entropy-va,--no-insert-timestamp) ;;
  sanitized/posix) flags+=(-g -O0 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer) ;;
  *) echo "front.sh: there is no form $form for $system" >&2; exit 1 ;;
esac
objects=()
for name in quickjs libregexp libunicode cutils dtoa; do
  "$compiler" "${flags[@]}" -w -c -o "$scratch/$name.o" "$source/$name.c"
  objects+=("$scratch/$name.o")
done
for name in front "$system"; do
  "$compiler" "${flags[@]}" -Wall -Wextra -isystem "$source" -c -o "$scratch/$name.o" "src/front/$name.c"
  objects+=("$scratch/$name.o")
done
mkdir -p "$(dirname "$out")"
"$compiler" "${flags[@]}" -o "$out" "${objects[@]}" "${libraries[@]}"
cp "$source/LICENSE" "$(dirname "$out")/quickjs-LICENSE"
