#!/usr/bin/env bash
# Attacks the native front with AFL++, built with the address and undefined behaviour sanitizers: git's requests at get, store and erase,
# and whatever bytes at the calls that it gives to the bytecode. Fails where anything crashed or hung.
#
#   scripts/fuzzFront.sh [SECONDS for each, 600]
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-600}
for need in afl-fuzz afl-clang-fast; do
  command -v "$need" >/dev/null || { echo "fuzzFront.sh: $need is missing: apt-get install afl++ libclang-rt-14-dev" >&2; exit 1; }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Nothing lies where the whole program would, so what would be handed over ends here.
CC=afl-clang-fast scripts/front.sh "$scratch/front" sanitized >/dev/null 2>&1
CC=afl-clang-fast scripts/front.sh "$scratch/calls" sanitized scripts/fuzz/calls.ts >/dev/null 2>&1
node --import=ts-blank-space/register scripts/fuzz/plant.ts "$scratch/home"

export AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1
export ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0 UBSAN_OPTIONS=abort_on_error=1
export HOME=$scratch/home XDG_RUNTIME_DIR=$scratch/home/runtime
# Prints what came of one, and fails where anything crashed or hung.
fuzz() {
  local name=$1 seeds=$2 out=$scratch/out-$1/default found
  shift 2
  afl-fuzz -V "$seconds" -t 2000 -i "$seeds" -o "$scratch/out-$name" -- "$@" >"$scratch/$name.log" 2>&1 || { tail -20 "$scratch/$name.log" >&2; return 1; }
  field() { sed -n "s/^$1 *: //p" "$out/fuzzer_stats"; }
  echo "$name: $(field execs_done) runs in $(field run_time) s, $(field edges_found) edges, $(field saved_crashes) crashes, $(field saved_hangs) hangs"
  found=$(find "$out/crashes" "$out/hangs" -type f -name 'id:*')
  [ -z "$found" ] || { while read -r file; do echo "$file:"; base64 "$file"; done <<<"$found"; return 1; }
}

status=0
# Two at once: one for each processor of a small machine.
fuzz get "$scratch/home/requests" "$scratch/front" get & one=$!
fuzz calls "$scratch/home/calls" "$scratch/calls" get || status=1
wait $one || status=1
fuzz store "$scratch/home/requests" "$scratch/front" store & one=$!
fuzz erase "$scratch/home/requests" "$scratch/front" erase || status=1
wait $one || status=1
exit $status
