#!/usr/bin/env bash
# What a long ledger costs on SQLite: verify, export, import, and reading the newest movements of one item. Prints
# figures, asserts nothing. Needs a build with -DINVCTL_BENCH=ON (preset bench), for make_ledger.
#
#   tests/bench/ledger.sh [MOVEMENTS [LINES [BUILD]]]     default: 10000000 20 build/bench
#
# LINES: movements per operation; the Online Retail data set has 20.5. Databases are made in $TMPDIR and removed, unless
# INVCTL_BENCH_KEEP names a directory to make them in and to use them from. Seconds are of the clock; CPU seconds say
# more where other programs run on the same cores.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
movements=${1:-10000000}
lines=${2:-20}
build=${3:-$root/build/bench}
place=${INVCTL_BENCH_KEEP:-}
if [ -z "$place" ]; then
  place=$(mktemp -d)
  trap 'rm -rf "$place"' EXIT
fi
export HOME=$place INVCTL_ACTOR=bench
TIMEFORMAT='%R %U %S'

make() {  # make MOVEMENTS: prints the path
  local file=$place/ledger-$1-$lines.db
  [ -e "$file" ] || "$build/make_ledger" "sqlite:$file" "$1" 20000 "$lines" >&2
  echo "$file"
}

# measure WHAT ROWS COMMAND...: seconds, CPU seconds, rows per second by either, peak memory
measure() {
  local what=$1 rows=$2 spent
  shift 2
  : >"$place/peak"
  spent=$({ time {
    "$@" >"$place/out" 2>&1 &
    local pid=$!
    while kill -0 $pid 2>/dev/null; do
      awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" >"$place/now" 2>/dev/null && [ -s "$place/now" ] && cp "$place/now" "$place/peak"
      sleep 0.1
    done
    wait $pid || { cat "$place/out" >&2; exit 1; }
  }; } 2>&1)
  echo "$spent" | awk -v what="$what" -v rows="$rows" -v peak="$(cat "$place/peak")" '
    { printf "%-34s %8.2f s %8.2f s CPU %10.0f rows/s %10.0f rows/s CPU  peak %.0f MB\n", what, $1, $2 + $3, rows / $1, rows / ($2 + $3), peak / 1024 }'
}

# The median of 31 runs in microseconds, less that of a command that reads nothing.
median_us() {
  local i start
  for i in $(seq 31); do
    start=$(date +%s%N)
    "$@" >"$place/out"
    echo $((($(date +%s%N) - start) / 1000))
  done | sort -n | sed -n 16p
}

db=$(make "$movements")
counts=$(sqlite3 "$db" "SELECT (SELECT count(*) FROM movement), (SELECT count(*) FROM operation), (SELECT count(*) FROM purchase), (SELECT count(*) FROM inventory)")
IFS='|' read -r m o p i <<<"$counts"
echo "$m movements, $o operations, $p purchases, $i inventory rows, $(stat -c %s "$db") bytes"
measure "verify, movements" "$m" "$build/invctl" verify --db "$db"
measure "verify, all rows" $((m + o + p + i)) "$build/invctl" verify --db "$db"

db=$(make $((movements / 10)))
m=$(sqlite3 "$db" "SELECT count(*) FROM movement")
rm -f "$place/ledger.ndjson" "$place/copy.db"*
measure "export, $m movements" "$m" "$build/invctl" export "$place/ledger.ndjson" --db "$db"
measure "verify of the export" "$m" "$build/invctl" verify "$place/ledger.ndjson"
"$build/invctl" init-db -q --db "$place/copy.db" >"$place/out"
measure "import" "$m" "$build/invctl" import "$place/ledger.ndjson" --db "$place/copy.db"

for n in $((movements / 100)) $((movements / 10)) "$movements"; do
  db=$(make "$n")
  printf '%-34s %8d us for the last 20 of one item, %8d us for a page of stock, %8d us for --version\n' "$n movements" \
    "$(median_us "$build/invctl" history --sku SKU-00042 --limit 20 --db "$db")" \
    "$(median_us "$build/invctl" stock --sku SKU-00042 --db "$db")" \
    "$(median_us "$build/invctl" --version)"
done
