#!/usr/bin/env bash
# Runs the tests that tell one Node from another, on each version named, or on those that are maintained: the cached path,
# logins, refreshes, the keyring, downloads and the network. npm brings each Node into its own cache.
#
# usage: scripts/testNodes.sh [VERSION ...] [-- FILE ...]
set -uo pipefail
cd "$(dirname "$0")/.."

versions=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  versions+=("$1")
  shift
done
[ ${#versions[@]} -gt 0 ] || versions=(20 22 24)
files=("${@:2}")
[ ${#files[@]} -gt 0 ] || for name in cachedPath login trouble clock keyring archive downloads network nodeVariables; do
  files+=("test/end-to-end/$name.test.ts")
done

failed=()
for version in "${versions[@]}"; do
  # Not "npm exec -c": its shell would find the node of node_modules/.bin first, where there is one.
  node=$(npm exec --yes --ignore-scripts --package="node-$(uname -s | tr A-Z a-z)-$(node -p process.arch)@$version" -- \
    node -p process.execPath) || exit
  echo "Node $("$node" --version)"
  PATH="$(dirname "$node"):$PATH" node node_modules/ava/entrypoints/cli.mjs "${files[@]}" || failed+=("$version")
done
[ ${#failed[@]} -eq 0 ] || {
  echo "these versions of Node failed: ${failed[*]}" >&2
  exit 1
}
