#!/usr/bin/env bash
# Builds git.exe from Debian's own source of git, with Debian's compiler for Windows: no package for Windows can be had from
# Debian or npm. It has Git for Windows' way to start programs (compat/mingw.c), and neither curl nor a shell.
#
# usage: scripts/windows/buildGit.sh DIRECTORY    git.exe and its libraries go there; some minutes, 4 MB
set -euo pipefail
readonly TARGET=x86_64-w64-mingw32
directory=$1
[ ! -x "$directory/git.exe" ] || exit 0

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# Where this system's own packages come from, and its release: their sources are there too.
read -r mirror suite < <(apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
  grep -v -e security -e updates | sed -n 's/^Debian //p' | head -n 1)
[ -n "$suite" ] || { echo 'buildGit.sh: no Debian mirror is known here: run apt-get update first' >&2; exit 1; }
mkdir -p lists/partial cache/archives/partial
echo "deb-src $mirror $suite main" >sources.list
apt=(apt-get -qq -o APT::Sandbox::User=root -o Dir::Etc::sourcelist="$PWD/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::State::lists="$PWD/lists" -o Dir::Cache="$PWD/cache")
"${apt[@]}" update
"${apt[@]}" source --download-only git
dpkg-source --no-check -x git_*.dsc source >/dev/null

# Windows does not tell these names from those with small letters.
mkdir inc
for header in NTSecAPI Psapi tlHelp32; do ln -s "/usr/$TARGET/include/${header,,}.h" "inc/$header.h"; done

make -C source -s -j"$(nproc)" git.exe uname_S=MINGW uname_O= uname_R=3 uname_M=x86_64 uname_P=x86_64 uname_V=3 MSYSTEM=MINGW64 \
  CC=$TARGET-gcc AR=$TARGET-ar RC="$TARGET-windres -O coff" NO_OPENSSL=1 NO_CURL=1 NO_EXPAT=1 NO_ICONV=1 NO_GETTEXT=1 NO_PERL=1 \
  NO_PYTHON=1 NO_TCLTK=1 USE_LIBPCRE= USE_NED_ALLOCATOR= NEEDS_LIBICONV= HAVE_LIBCHARSET_H= SKIP_DASHED_BUILT_INS=1 \
  CFLAGS="-O1 -g0 -I$PWD/inc" >make.log 2>&1 || { tail -n 20 make.log >&2; exit 1; }
mkdir -p "$directory"
cp "/usr/$TARGET/lib/zlib1.dll" "$(dirname "$($TARGET-gcc -print-libgcc-file-name)")/libssp-0.dll" "$directory"
# Last, for it says that all is there.
cp source/git.exe "$directory"
