#!/usr/bin/env bash
# A real year, end to end: every line of the Online Retail data set is posted with `invctl apply` as it is, and the
# result is compared with a calculation that knows nothing of invctl. docs/cookbook.md has the same commands with the
# reasons for them.
#
#   tests/year/run.sh DATA [--db sqlite|mariadb] [--server DIR] [--mode skip|abort] [--kills N] [--seed S] [--invctl FILE]
#
# DATA is the directory with online-retail/online_retail.csv; where that is absent, the script says so and succeeds.
# --server DIR: a running server of tests/server/mariadb_fixture.sh; without it one is started for the run.
# --kills N: afterwards runs on fresh databases are killed (SIGKILL) at random moments, N times in all, each kill
# followed by the same command. Every end must be that of the undisturbed run: balances, and each operation's content
# in the ledger's order. --seed repeats one; times differ, so the same moments do not hit the same instructions.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
invctl=$root/build/release/invctl
engine=sqlite server='' mode=abort kills=0 seed=$RANDOM
data=${1:?the directory of the data sets}
shift
while [ $# -gt 0 ]; do
  case "$1" in
    --db) engine=$2 ;;
    --server) server=$2 ;;
    --mode) mode=$2 ;;
    --kills) kills=$2 ;;
    --seed) seed=$2 ;;
    --invctl) invctl=$(realpath "$2") ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
lines=$data/online-retail/online_retail.csv
. "$root/tests/year/common.sh"
skip_without "$lines"
lines=$(realpath "$lines")
RANDOM=$seed

fail() { echo "FAILED (seed $seed): $*" >&2; exit 1; }
# As a shop would run it: every commit is on the disk before it is answered.
set_up --innodb-flush-method=fsync --innodb-buffer-pool-size=512M --innodb-log-file-size=256M

# --- a fresh database with the products and the opening stock

# The data set has no opening stock. Made up: just what it takes for no line to go below zero.
awk -F, '
  NR > 1 {
    q = $(NF - 4)
    on_hand[$2] += q < 0 && $1 !~ /^C/ ? q : -q
    if (on_hand[$2] < 0 + low[$2]) low[$2] = on_hand[$2]
  }
  END {
    print "warehouse,sku,quantity"
    for (sku in on_hand) print "WHOLESALE," sku "," 0 - low[sku]
  }' "$lines" >"$place/opening.csv"

database=0
fresh() {  # sets INVCTL_DB
  database=$((database + 1))
  fresh_database "year$database" "$lines" --stock "$place/opening.csv"
}
drop() {
  if [ "$engine" = sqlite ]; then rm -f "$place/year$database.db"*; else sql -e "DROP DATABASE year${database}_$$"; fi
}

post() {  # post MODE: the command whose repetition must be harmless
  local options
  mapfile -t options < <(invoice_options)
  [ "$1" = abort ] || options+=(--on-error skip --batch 200)
  # The server needs a while to undo what a killed client had not committed; nobody else holds the locks.
  exec "$invctl" apply "$lines" --json "${options[@]}"
}

# --- what must be there in the end

# Names have commas; nothing behind them has.
on_hand() { "$invctl" stock --format csv | awk -F, 'NR > 1 { print $2 "," $(NF - 3) }' | sort; }

# By SQLite's own CSV reader and its arithmetic.
sqlite3 :memory: ".mode csv" ".import '$lines' line" ".import '$place/opening.csv' opening" ".mode list" ".separator ," "
  SELECT o.sku, o.quantity + sum(CASE WHEN l.InvoiceNo LIKE 'C%' THEN -CAST(l.Quantity AS INTEGER)
    ELSE -abs(CAST(l.Quantity AS INTEGER)) END)
  FROM line l JOIN opening o ON o.sku = l.StockCode GROUP BY o.sku" | sort >"$place/calculated"

# The ledger without what cannot be the same twice. Opening stock is made anew with each database, at its own time.
content() {
  "$invctl" export -q | grep -v -e '"kind":"opening"' -e '^{"invctl_export"' |
    sed -E 's/"(uid|hash|recorded_at|seal)":"[^"]*"//g' | sha256sum
}

bytes() {
  if [ "$engine" = sqlite ]; then
    sqlite3 "${INVCTL_DB#sqlite:}" 'PRAGMA wal_checkpoint(TRUNCATE)' >"$place/out"
    stat -c %s "${INVCTL_DB#sqlite:}"
  else
    sql -e "FLUSH TABLES; SELECT sum(file_size) FROM information_schema.innodb_sys_tablespaces
      WHERE name LIKE 'year${database}\\_$$/%'"
  fi
}

number() { sed -nE "s/^ *\"$1\": *([0-9.]+),?\$/\1/p" "$place/report" | head -1; }

# --- the undisturbed run

fresh
before=$(bytes)
newest() { "$invctl" history --limit 1 --format csv | tail -1 | cut -d, -f2; }  # the id of the newest operation
opening=$(newest)
post "$mode" >"$place/report" &
pid=$!
while kill -0 $pid 2>/dev/null; do
  awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" >"$place/now" 2>/dev/null && [ -s "$place/now" ] && mv "$place/now" "$place/peak"
  sleep 0.02
done
wait $pid || fail "apply: exit $?"
after=$(bytes)
awk -v operations="$(number applied)" -v movements="$(number movements)" -v seconds="$(number elapsed_s)" \
  -v rows="$(number rows)" -v peak="$(cat "$place/peak")" -v bytes=$((after - before)) -v what="$engine, $mode" '
  BEGIN { printf "%s: %d lines, %d operations, %d movements in %.1f s: %.0f operations/s, %.0f movements/s, peak %.0f MB, %.0f bytes per movement\n",
    what, rows, operations, movements, seconds, operations / seconds, movements / seconds, peak / 1024, bytes / movements }'
whole_ms=$(awk -v s="$(number elapsed_s)" 'BEGIN { print int(s * 1000) }')
[ "$(number rows)" = 541909 ] || fail "$(number rows) rows"
[ "$(number applied)" = 25901 ] || fail "$(number applied) operations"

on_hand >"$place/on_hand"
[ "$(wc -l <"$place/calculated")" = 4070 ] || fail "the calculation has $(wc -l <"$place/calculated") products"
cmp "$place/calculated" "$place/on_hand" || fail "what is on hand differs from the calculation"
"$invctl" verify >"$place/out" || fail "verify: exit $?"
echo "on hand equals the calculation for 4070 products ($(awk -F, '{ n += $2 } END { print n }' "$place/on_hand") units); $(head -1 "$place/out")"

(post "$mode") >"$place/report"
[ "$(number applied)" = 0 ] && [ "$(number replayed)" = 25901 ] && [ "$(number movements)" = 0 ] ||
  fail "the same command again: $(cat "$place/report")"
echo "the same command again: 0 applied, 25901 replayed in $(number elapsed_s) s"

# --- killed

expected=$(content)
total=$(newest)
drop
done_kills=0 rounds=0 in_the_middle=0
while [ "$done_kills" -lt "$kills" ]; do
  rounds=$((rounds + 1))
  if [ $((rounds % 2)) = 0 ]; then way=abort; else way=skip; fi
  fresh
  # A run that goes on where another was killed can be killed as well: up to ten times in a row.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ "$done_kills" -lt "$kills" ] || break
    stored=$(newest)
    [ "$stored" -le "$opening" ] || [ "$stored" -ge "$total" ] || in_the_middle=$((in_the_middle + 1))
    left_ms=$((200 + whole_ms * (total - stored) / total))
    post "$way" >"$place/report" &
    pid=$!
    sleep "$(awk -v ms=$(((RANDOM * 32768 + RANDOM) % left_ms)) 'BEGIN { print ms / 1000 }')"
    kill -9 $pid 2>/dev/null || true
    status=0
    wait $pid 2>/dev/null || status=$?
    if [ "$status" = 0 ]; then break; fi  # it was done before
    [ "$status" = 137 ] || fail "a run that was to be killed left with $status"
    done_kills=$((done_kills + 1))
  done
  (post "$way") >"$place/report" || fail "the same command after a kill: exit $?"
  [ "$(number rejected)" = 0 ] || fail "the same command after a kill: $(cat "$place/report")"
  on_hand | cmp - "$place/on_hand" || fail "after a kill what is on hand differs"
  [ "$(content)" = "$expected" ] || fail "after a kill the ledger's content differs"
  "$invctl" verify >"$place/out" || fail "after a kill verify leaves with $?"
  drop
done
[ "$kills" = 0 ] || echo "$done_kills kills in $rounds runs (seed $seed), $in_the_middle of the killed runs had found part of the year stored: every end is that of the undisturbed run"
