#!/usr/bin/env bash
# Builds the native front and tests it: what it answers and hands over, how npm and git get to it, and the tests of the program that go
# through git's operations, with the front in its place. A front without libraries of the system's (static) is what is released; a clock
# can be shifted for the other form alone, so that one is tested.
set -euo pipefail
cd "$(dirname "$0")/.."

parts='gcc libc6-dev make xz-utils strace gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static'
# shellcheck disable=SC2086 # these are words
if ! dpkg-query --show $parts >/dev/null 2>&1; then
  sudo=
  [ "$(id -u)" -eq 0 ] || sudo='sudo -n'
  echo "bringing $parts"
  { $sudo apt-get -qq update && $sudo apt-get -qq install --yes --no-install-recommends $parts; } >/dev/null || {
    echo "the tests of the native front need more of this system; type: sudo apt-get install $parts" >&2
    exit 1
  }
fi

# As npm lays it beside this program. The second build of the first has to be the same, byte for byte.
place() { echo "$PWD/.front/$1/node_modules/@git-credential-bitbucket-oauth/$2/front"; }
for form in static dynamic arm64 again; do
  mkdir -p ".front/$form"
  ln -sfn ../../dist ".front/$form/dist"
done
scripts/front.sh "$(place static linux-x64)" static
scripts/front.sh "$(place again linux-x64)" static
scripts/front.sh "$(place dynamic linux-x64)" dynamic
CC=aarch64-linux-gnu-gcc scripts/front.sh "$(place arm64 linux-arm64)" static
cmp "$(place static linux-x64)" "$(place again linux-x64)"
sha256sum "$(place static linux-x64)" "$(place arm64 linux-arm64)"
rm -rf .front/standalone
node --import=ts-blank-space/register scripts/standalone.ts .front/standalone linux-x64 "$(place static linux-x64)"
node --import=ts-blank-space/register scripts/release.ts .front/release \
  "linux-x64=$(place static linux-x64)" "linux-arm64=$(place arm64 linux-arm64)"

RELEASE=$PWD/.front/release FRONT_X64=$(place static linux-x64) FRONT_ARM64=$(place arm64 linux-arm64)
STANDALONE=$(echo "$PWD"/.front/standalone/*-linux-x64)
export RELEASE FRONT_X64 FRONT_ARM64 STANDALONE
tests=(test/end-to-end/{accounts,clock,crowd,disk,heal,quiet,trouble,several,machine,dataCenter,places,user}.test.ts)
[ $# -eq 0 ] || tests=("$@")
npx ava --config ava.front.config.js test/front/{install,standalone}.test.ts
HELPER=$STANDALONE/bin/git-credential-bitbucket-oauth npx ava --config ava.front.config.js test/end-to-end/{login,keyring,network}.test.ts
HELPER=$(place dynamic linux-x64) npx ava --config ava.front.config.js test/front/{handOver,systems}.test.ts "${tests[@]}"
