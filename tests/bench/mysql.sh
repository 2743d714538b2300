#!/usr/bin/env bash
# Speed on MariaDB, next to what the server itself can do in the same run: purchases per second against sysbench's
# single-row update, and seeding against LOAD DATA. Both sides in turn, three rounds, medians; nothing is asserted.
# Usage: tests/bench/mysql.sh [BUILD-DIRECTORY [SECONDS]], a build with -DINVCTL_BENCH=ON.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$root/build/bench}
seconds=${2:-5}
rounds=${BENCH_ROUNDS:-3}
place=$(mktemp -d)
fixture=$root/tests/server/mariadb_fixture.sh
trap '"$fixture" stop "$place/server"; rm -rf "$place"' EXIT
export HOME=$place INVCTL_ACTOR=bench
for program in sysbench mariadb mariadbd; do
  command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || { echo "$program is not installed" >&2; exit 1; }
done

# Durable, as in production: every commit is synced.
"$fixture" start "$place/server" --innodb-flush-method=fsync --innodb-buffer-pool-size=512M --innodb-log-file-size=256M
socket=$(cat "$place/server/socket")
sql() { mariadb --no-defaults -uroot --socket="$socket" "$@"; }
url() { echo "mysql://root@/$1?socket=$socket"; }

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

update_rate() {  # update_rate CONNECTIONS ROWS
  sysbench oltp_update_non_index --db-driver=mysql --mysql-socket="$socket" --mysql-user=root --mysql-db=sysbench \
    --tables=1 --table-size="$2" --rand-type=uniform --threads="$1" --time="$seconds" run |
    sed -n 's/.*transactions:.*(\([0-9.]*\) per sec.*/\1/p'
}
buy_rate() {  # buy_rate CONNECTIONS ROWS BATCH
  sql -e 'DROP DATABASE IF EXISTS bench; CREATE DATABASE bench CHARACTER SET utf8mb4'
  "$build/buy_rate" "$(url bench)" "$1" "$seconds" "$2" "$3"
}

printf '%-28s %12s %12s %8s %14s %8s\n' "per second (medians of $rounds)" sysbench purchases ratio "batches of 100" ratio
for rows in 1 1000; do
  sql -e 'DROP DATABASE IF EXISTS sysbench; CREATE DATABASE sysbench'
  sysbench oltp_update_non_index --db-driver=mysql --mysql-socket="$socket" --mysql-user=root --mysql-db=sysbench \
    --tables=1 --table-size="$rows" prepare >/dev/null
  for connections in 1 8 32; do
    : >"$place/a"; : >"$place/b"; : >"$place/c"
    for _ in $(seq "$rounds"); do
      update_rate "$connections" "$rows" >>"$place/a"
      buy_rate "$connections" "$rows" 1 >>"$place/b"
      buy_rate "$connections" "$rows" 100 >>"$place/c"
    done
    name="$([ "$rows" = 1 ] && echo 'one hot row' || echo "$rows rows"), $connections connections"
    printf '%s\t%s\t%s\t%s\n' "$name" "$(median <"$place/a")" "$(median <"$place/b")" "$(median <"$place/c")" |
      awk -F'\t' '{ printf "%-28s %12.0f %12.0f %8.2f %14.0f %8.2f\n", $1, $2, $3, $3 / $2, $4, $4 / $2 }'
  done
done

# --- seeding: products, their inventory rows and their movements, all checked, against LOAD DATA of the products alone
rows=${BENCH_SEED_ROWS:-500000}
awk -v n="$rows" 'BEGIN { print "sku,name,category,unit,price,reorder_point,barcode" > "'"$place"'/products.csv"
  print "warehouse,sku,quantity" > "'"$place"'/stock.csv"
  for (i = 1; i <= n; i++) { printf "SKU-%07d,Product number %d,goods,ea,%d.%02d,%d,\n", i, i, i % 900 + 1, i % 100, i % 50 > "'"$place"'/products.csv"
    printf "EAST,SKU-%07d,%d\n", i, i % 500 + 1 > "'"$place"'/stock.csv" } }'
printf 'code,name\nEAST,East\n' >"$place/warehouses.csv"
now_ms() { echo $(($(date +%s%N) / 1000000)); }
: >"$place/a"; : >"$place/b"
for _ in $(seq "$rounds"); do
  sql -e 'DROP DATABASE IF EXISTS bench; CREATE DATABASE bench CHARACTER SET utf8mb4'
  "$build/invctl" --db "$(url bench)" -q init-db >/dev/null
  start=$(now_ms)
  "$build/invctl" --db "$(url bench)" -q seed-from-csv --warehouses "$place/warehouses.csv" --products "$place/products.csv" \
    --stock "$place/stock.csv" >/dev/null
  echo $((3 * rows * 1000 / ($(now_ms) - start))) >>"$place/a"
  sql -e 'DROP DATABASE bench; CREATE DATABASE bench CHARACTER SET utf8mb4'
  "$build/invctl" --db "$(url bench)" -q init-db >/dev/null
  start=$(now_ms)
  sql --local-infile=1 bench -e "LOAD DATA LOCAL INFILE '$place/products.csv' INTO TABLE product FIELDS TERMINATED BY ','
    IGNORE 1 LINES (sku, name, category, unit, @price, reorder_point, barcode) SET price_minor = @price * 100"
  echo $((rows * 1000 / ($(now_ms) - start))) >>"$place/b"
done
ours=$(median <"$place/a")
theirs=$(median <"$place/b")
awk -v rows="$rows" -v a="$ours" -v b="$theirs" 'BEGIN {
  printf "seeding %d products and stock: %d rows per second into three tables; LOAD DATA into one: %d; ratio %.2f\n", rows, a, b, a / b }'
