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

server=$(cat "$place/server/pid")
ticks=$(getconf CLK_TCK)
server_us() { awk -v ticks="$ticks" '{ printf "%.0f\n", ($14 + $15) * 1000000 / ticks }' "/proc/$server/stat"; }

# Rates and processor times come as two columns: the median of each.
median() { cut -d' ' -f"${1:-1}" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

update_rate() {  # update_rate CONNECTIONS ROWS: per second, microseconds of the server's processor time for each
  local before
  before=$(server_us)
  sysbench oltp_update_non_index --db-driver=mysql --mysql-socket="$socket" --mysql-user=root --mysql-db=sysbench \
    --tables=1 --table-size="$2" --rand-type=uniform --threads="$1" --time="$seconds" run |
    awk -v before="$before" -v now="cat /proc/$server/stat" -v ticks="$ticks" '/transactions:/ {
      count = $2; rate = $3; sub("[(]", "", rate)
      now | getline; printf "%.0f %.0f\n", rate, (($14 + $15) * 1000000 / ticks - before) / count }'
}
buy_rate() {  # buy_rate CONNECTIONS ROWS BATCH
  sql -e 'DROP DATABASE IF EXISTS bench; CREATE DATABASE bench CHARACTER SET utf8mb4'
  "$build/buy_rate" "$(url bench)" "$1" "$seconds" "$2" "$3" "$server"
}

# us: of the server's processor time, for one update, one purchase, one purchase in a batch.
printf '%-28s %9s %5s %10s %6s %5s %15s %6s %5s\n' "per second (medians of $rounds)" sysbench us purchases ratio us "batches of 100" ratio us
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
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$(median 1 <"$place/a")" "$(median 2 <"$place/a")" \
      "$(median 1 <"$place/b")" "$(median 2 <"$place/b")" "$(median 1 <"$place/c")" "$(median 2 <"$place/c")" |
      awk -F'\t' '{ printf "%-28s %9.0f %5.0f %10.0f %6.2f %5.0f %15.0f %6.2f %5.0f\n", $1, $2, $3, $4, $4 / $2, $5, $6, $6 / $2, $7 }'
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
