#!/usr/bin/env bash
# The reports over a real year: posted by `apply` as tests/year/run.sh does, reported, and compared to the unit with
# tests/year/reports.py, which calculates them from the same files and knows nothing of invctl. Then the months are
# closed one by one; the same reports must say the same, and a month must be read by its own lines alone.
#
#   tests/year/reports.sh DATA [--db sqlite|mariadb] [--server DIR] [--lines N] [--invctl FILE]
#
# --lines N: only the first N lines of the year, at least 60000 (all of them by default). The rest is as for run.sh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
invctl=$root/build/release/invctl
engine=sqlite server='' count=0
data=${1:?the directory of the data sets}
shift
while [ $# -gt 0 ]; do
  case "$1" in
    --db) engine=$2 ;;
    --server) server=$2 ;;
    --lines) count=$2 ;;
    --invctl) invctl=$(realpath "$2") ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
source=$data/online-retail/online_retail.csv
. "$here/common.sh"
skip_without "$source"
fail() { echo "FAILED: $*" >&2; exit 1; }
set_up --innodb-buffer-pool-size=512M --innodb-log-file-size=256M

lines=$place/lines.csv
if [ "$count" = 0 ]; then
  cp "$source" "$lines"
else
  # Whole invoices: not the last one, which may be cut off. No field before InvoiceNo's comma has one.
  awk -F, -v n="$count" 'NR == 1 || NR <= n + 1 { row[NR] = $0; of[NR] = $1; last = $1 }
    END { for (i = 1; i in row; i++) if (i == 1 || of[i] != last) print row[i] }' "$source" >"$lines"
fi

# As much as keeps every line possible, received the day before the year begins; what it has cost is made up, but
# for products that need a multiple of seven, of which nobody knows.
opening_of() {
  awk -F, '
    NR > 1 {
      q = $(NF - 4)
      on_hand[$2] += q < 0 && $1 !~ /^C/ ? q : -q
      if (on_hand[$2] < 0 + low[$2]) low[$2] = on_hand[$2]
    }
    END {
      for (sku in on_hand) {
        n = 0 - low[sku]
        if (n > 0) print "WHOLESALE," sku "," n ",2010-11-30," (n % 7 ? sprintf("%d.%02d", n % 11, n % 89) : "")
      }
    }' "$1" | sort -t, -k2,2 | sed '1i warehouse,sku,quantity,occurred_at,unit_cost'
}
opening_of "$lines" >"$place/opening.csv"

fresh() { fresh_database "reports_$1" "$lines"; }  # fresh NAME
post() {  # post INVOICES OPENING
  "$invctl" apply -q "$2" --set kind=receive >"$place/out"
  local options
  mapfile -t options < <(invoice_options)
  "$invctl" apply -q "$1" "${options[@]}" >"$place/out"
}

report() { "$invctl" report "$@" --format csv; }
without() { python3 -c '
import csv, sys
drop = sys.argv[1]
rows = list(csv.reader(sys.stdin))
at = rows[0].index(drop)
csv.writer(sys.stdout, lineterminator="\n").writerows(row[:at] + row[at + 1:] for row in rows)' "$1"; }

# Every report that the calculation has, into a directory.
report_all() {  # report_all DIRECTORY
  mkdir -p "$1"
  for by in day week month sku kind reason; do report movements --by $by >"$1/movements-$by.csv"; done
  report movements --period 2011-01 --by sku >"$1/january-sku.csv"
  report movements --from 2011-01-01 --to 2011-02-01 --by day >"$1/january-day.csv"
  for method in fifo average; do
    report valuation --method $method --at 2011-02-01 | without name >"$1/valuation-$method-february.csv"
    report valuation --method $method | without name >"$1/valuation-$method-end.csv"
  done
  report aging --at 2011-02-01 | without name >"$1/aging-february.csv"
  report turnover --period 2011-01 | without name >"$1/turnover-january.csv"
  report top --period 2011-01 --limit 25 | without name | without revenue_minor >"$1/top-january.csv"
}

# --- to the unit

fresh whole
post "$lines" "$place/opening.csv"
mkdir "$place/calculated"
python3 "$here/reports.py" "$lines" "$place/opening.csv" "$place/calculated"
report_all "$place/open"
diff -r "$place/calculated" "$place/open" >"$place/difference" || fail "the reports differ from the calculation: $(head -20 "$place/difference")"
echo "$engine: $(find "$place/open" -name '*.csv' | wc -l) reports with $(cat "$place"/open/*.csv | wc -l) lines equal the calculation to the unit"

# --- closed

milliseconds() { date +%s%3N; }
january() {  # reads January and says what it took
  local start
  start=$(milliseconds)
  "$invctl" report movements --period 2011-01 --by sku --format csv --log-level debug --log-format json --log-file "$place/log.$1" >"$place/january.$1"
  echo "$1: $(grep -o '"event":"facts_read".*' "$place/log.$1" | grep -oE '"(operations|lines)":"?[0-9]+' | tr -d '"' | tr '\n' ' ')in $(($(milliseconds) - start)) ms"
}
facts_read() { grep '"event":"facts_read"' "$place/log.$1" | grep -oE '"lines":"?[0-9]+' | grep -oE '[0-9]+'; }
months=$(cut -d, -f1 "$place/open/movements-month.csv" | tail -n +2)
january "open"
for month in $months; do
  "$invctl" close --period "$month" --json >"$place/close.$month"
done
echo "closed: $(echo "$months" | wc -l) months"
"$invctl" close --period 2011-01 --json >"$place/again"
grep -q '"replayed": true' "$place/again" || fail "a closed month was closed again"
[ "$(grep digest "$place/again")" = "$(grep digest "$place/close.2011-01")" ] || fail "a closed month answers another digest"
report_all "$place/closed"
diff -r "$place/open" "$place/closed" >"$place/difference" || fail "the reports differ once months are closed: $(head -20 "$place/difference")"
"$invctl" verify >"$place/out" || fail "verify: exit $?"
grep -q '^periods *ok' "$place/out" || fail "verify did not check the periods"
january closed

# --- one month costs no more when others exist

awk -F, 'NR == 1 || $(NF - 3) ~ /^2011-01/' "$lines" >"$place/january.csv"
opening_of "$place/january.csv" >"$place/opening.single.csv"
fresh single
post "$place/january.csv" "$place/opening.single.csv"
"$invctl" close -q --period 2010-11 >"$place/out"
"$invctl" close -q --period 2011-01 >"$place/out"
january alone
[ "$(facts_read alone)" -gt 0 ] || fail "nothing was read"
[ "$(facts_read closed)" = "$(facts_read alone)" ] ||
  fail "January takes $(facts_read closed) lines among the others and $(facts_read alone) alone"
[ "$(facts_read open)" -gt "$(facts_read alone)" ] || fail "the measure sees no difference where nothing is closed"
echo "one month is read by its own $(facts_read alone) lines, however many others there are"
