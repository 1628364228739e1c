#!/usr/bin/env bash
# Builds the native front and tests it: what it answers and hands over, how npm and git get to it, and the tests of the program that go
# through git's operations, with the front in its place. A front without libraries of the system's (static) is what is released; a clock
# can be shifted for the other form alone, so that one is tested.
set -euo pipefail
cd "$(dirname "$0")/.."

parts='gcc libc6-dev make xz-utils strace'
if ! dpkg-query --show $parts >/dev/null 2>&1; then
  sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
  echo "bringing $parts"
  $sudo apt-get -qq install --yes --no-install-recommends $parts >/dev/null || { echo "type: apt-get install $parts" >&2; exit 1; }
fi

for form in static dynamic; do
  place=.front/$form/node_modules/@git-credential-bitbucket-oauth/linux-x64
  mkdir -p "$place"
  ln -sfn ../../dist ".front/$form/dist"
  scripts/front.sh "$place/front" "$form"
done
node --import=ts-blank-space/register scripts/release.ts .front/release "linux-x64=.front/static/node_modules/@git-credential-bitbucket-oauth/linux-x64/front"

RELEASE=$PWD/.front/release
export RELEASE
HELPER=$PWD/.front/dynamic/node_modules/@git-credential-bitbucket-oauth/linux-x64/front
tests=(test/end-to-end/{accounts,clock,heal,quiet,trouble,several,machine,dataCenter,places,user}.test.ts)
[ $# -eq 0 ] || tests=("$@")
# npm's own form is installed in the first of them.
npx ava --config ava.front.config.js test/front/install.test.ts
HELPER=$HELPER npx ava --config ava.front.config.js test/front/handOver.test.ts "${tests[@]}"
