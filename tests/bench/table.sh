#!/usr/bin/env bash
# Speed against what else does the same work, as one table: each line runs two things in turn, A B A B ..., and says
# the median of their ratios and its spread, whether that is what was aimed at, and the peak of memory of both.
# Nothing is asserted but that both sides did the same. docs/performance.md explains each line.
#
#   tests/bench/table.sh [--build DIR] [--rounds N] [--rows N] [--ledger N] [--buyers N] [--seconds N]
#                        [--only NAME]... [--quick]
#
# --build   a build with -DINVCTL_BENCH=ON (build/bench, as `cmake --preset bench` makes it)
# --rounds  of each line; short commands get ten times as many (5)
# --rows    of the files that are seeded and applied (500000)
# --ledger  movements of the longest ledger; the others have a tenth and a hundredth (10000000: 4 GB in $TMPDIR)
# --buyers  who come in one run of the lines `sustained` and `workers`, a fifth of those of `combined` (4000)
# --seconds of one run on MariaDB (5)
# --only    receive, race, sustained, workers, combined, seed, apply, mariadb, history, stock, verify or posting; may be
#           repeated
# --quick   small, two rounds: shows that all lines work, and nothing else
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/bench
rounds=5 rows=500000 ledger=10000000 buyers=4000 seconds=5
lines=(receive race sustained workers combined seed apply mariadb history stock verify posting)
only=()
while [ $# -gt 0 ]; do
  case "$1" in
    --build) build=$(cd "$2" && pwd); shift ;;
    --rounds) rounds=$2; shift ;;
    --rows) rows=$2; shift ;;
    --ledger) ledger=$2; shift ;;
    --buyers) buyers=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --only) only+=("$2"); shift ;;
    --quick) rounds=2 rows=20000 ledger=100000 buyers=300 seconds=1 ;;
    *) sed -n '2,20s/^# \?//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
[ ${#only[@]} -gt 0 ] || only=("${lines[@]}")
for part in lib lines_one lines_bulk lines_read lines_mariadb; do
  # shellcheck source=/dev/null
  . "$here/$part.sh"
done

for program in invctl invctl_recording replay clocked sync_floor read_hash buy_rate make_ledger; do
  [ -x "$build/$program" ] || die "$build has no $program: cmake --preset bench && cmake --build --preset bench"
done
command -v sqlite3 >/dev/null || die "the sqlite3 shell is not installed"
start_place
print_head
for name in "${only[@]}"; do
  declare -F "line_$name" >/dev/null || die "there is no line $name; one of: ${lines[*]}"
  "line_$name"
done
