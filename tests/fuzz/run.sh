#!/usr/bin/env bash
# Fuzzes with libFuzzer (clang++), one target after the other, each for SECONDS.
#
#   tests/fuzz/run.sh SECONDS [TARGET]...     all of them, or those named: csv ndjson export plan url values
#                                             settings commands
#   tests/fuzz/run.sh --minimise [TARGET]...  keeps the smallest corpus that reaches the same
#
# What is found new goes into build/fuzz/corpus/TARGET beside the stored inputs, what breaks a promise into
# build/fuzz/found/TARGET: `build/fuzz/fuzz_TARGET FILE` runs it once more. A last line per target says how many
# inputs were run and what they reached.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [[ ${1:-} != --minimise && ! ${1:-} =~ ^[0-9]+$ ]]; then sed -n '2,12s/^# \?//p' "$0" >&2; exit 2; fi
what=$1
shift
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(csv ndjson export plan url values settings commands)

command -v clang++ >/dev/null || { echo "SKIPPED: no clang++" >&2; exit 0; }
build=$PWD/build/fuzz
CC=clang CXX=clang++ cmake -S . -B "$build" -G Ninja -DINVCTL_FUZZ=ON -DINVCTL_TESTS=OFF -DCMAKE_BUILD_TYPE=None \
  "-DCMAKE_CXX_FLAGS=-O1 -gline-tables-only" >/dev/null
ninja -C "$build" "${targets[@]/#/fuzz_}" >/dev/null

# In memory where that can be had: a database is put back for every command line.
work=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")")
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work
status=0
for target in "${targets[@]}"; do
  stored=$PWD/tests/fuzz/corpus/$target
  new=$build/corpus/$target
  found=$build/found/$target/
  mkdir -p "$stored" "$new" "$found"
  export INVCTL_FUZZ_WRITABLE=$stored:$new:$found:$work
  options=(-timeout=20 -rss_limit_mb=3000 -max_len=4096 "-artifact_prefix=$found")
  # What commands may not do, looking for leaks cannot do either.
  leaks=1
  [[ $target != commands ]] || leaks=0
  export ASAN_OPTIONS=detect_leaks=$leaks:handle_abort=0
  options+=("-detect_leaks=$leaks")
  dictionary=$PWD/tests/fuzz/dict/$target.dict
  [[ ! -e $dictionary ]] || options+=("-dict=$dictionary")
  if [[ $what == --minimise ]]; then
    mkdir -p "$work/$target"
    export INVCTL_FUZZ_WRITABLE=$INVCTL_FUZZ_WRITABLE:$work/$target
    "$build/fuzz_$target" "${options[@]}" -merge=1 "$work/$target" "$stored" "$new" >"$found/merge.log" 2>&1
    rm -rf "$stored"
    mv "$work/$target" "$stored"
    echo "$target: $(ls "$stored" | wc -l) inputs, $(du -bs "$stored" | cut -f1) bytes"
    continue
  fi
  "$build/fuzz_$target" "${options[@]}" "-max_total_time=$what" -print_final_stats=1 "$new" "$stored" \
    >"$found/log" 2>&1 || { status=1; echo "$target: BROKEN, see $found"; }
  echo "$target: $(grep -aE "^#[0-9]+" "$found/log" | tail -1)"
done
exit "$status"
