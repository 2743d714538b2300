#!/usr/bin/env bash
# Speed as ratios: each line times two things in turn, A B A B ..., and prints the medians, their ratio and the
# spread of the ratio. Nothing is asserted. Usage: tests/bench/run.sh [INVCTL [ROUNDS]]
# Where a build with -DINVCTL_BENCH=ON is beside INVCTL, tests/bench/mysql.sh follows.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
invctl=${1:-$root/build/release/invctl}
rounds=${2:-25}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export HOME=$place INVCTL_ACTOR=bench

now_us() { echo $(($(date +%s%N) / 1000)); }

# compare NAME ROUNDS A B: two shell functions; A is ours.
compare() {
  local name=$1 n=$2 a=$3 b=$4 i start mid end
  "$a" >/dev/null; "$b" >/dev/null
  : >"$place/pairs"
  for ((i = 0; i < n; i++)); do
    start=$(now_us); "$a" >/dev/null
    mid=$(now_us); "$b" >/dev/null
    end=$(now_us)
    echo "$((mid - start)) $((end - mid))" >>"$place/pairs"
  done
  awk -v name="$name" -v n="$n" '
    { a[NR] = $1; b[NR] = $2; r[NR] = $1 / $2 }
    function sorted(v, out, i, j, t) { for (i = 1; i <= NR; i++) out[i] = v[i]
      for (i = 2; i <= NR; i++) { t = out[i]; for (j = i - 1; j > 0 && out[j] > t; j--) out[j + 1] = out[j]; out[j + 1] = t } }
    END { sorted(a, sa); sorted(b, sb); sorted(r, sr); m = int((NR + 1) / 2)
      printf "%-44s %10.2f ms %10.2f ms   ratio %.2f  (quartiles %.2f-%.2f, %d rounds)\n", name, sa[m] / 1000, sb[m] / 1000, sr[m], sr[int((NR + 3) / 4)], sr[int((3 * NR + 3) / 4)], n }' "$place/pairs"
}

printf '%-44s %13s %13s\n' "A against B" "A" "B"

# --- one receive, whole process, against the sqlite3 shell doing the same statements
"$invctl" --db "$place/a.db" -q init-db >/dev/null
"$invctl" --db "$place/a.db" warehouse add EAST >/dev/null
"$invctl" --db "$place/a.db" product add BOLT --price 1 >/dev/null
"$invctl" --db "$place/a.db" receive -w EAST BOLT=5 >/dev/null
cp "$place"/a.db "$place/b.db"; cp "$place/a.db-wal" "$place/b.db-wal"
receive_ours() { "$invctl" --db "$place/a.db" receive -w EAST BOLT=5; }
receive_shell() {
  sqlite3 "$place/b.db" "
    PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; SELECT name, value FROM setting; BEGIN IMMEDIATE;
    SELECT id, code, retired_at FROM warehouse WHERE code IN ('EAST');
    SELECT id, sku, price_minor, retired_at FROM product WHERE sku IN ('BOLT');
    SELECT id, on_hand, reserved, version, head_hash FROM inventory WHERE warehouse_id = 1 AND product_id IN (1);
    SELECT max(id) FROM operation;
    INSERT INTO operation (uid, idempotency_key, request_hash, kind, outcome, actor, recorded_at, occurred_at, host,
      tool_version, hash) SELECT randomblob(16), 'auto-' || hex(randomblob(16)), randomblob(32), 'receive', 'accepted',
      'bench', 1, 1, 'host', '0', randomblob(32);
    UPDATE inventory SET on_hand = on_hand + 5, version = version + 1, head_hash = randomblob(32) WHERE id = 1;
    INSERT INTO movement (operation_id, inventory_id, line, kind, version, on_hand_delta, reserved_delta, on_hand_after,
      reserved_after, hash) SELECT (SELECT max(id) FROM operation), id, 1, 'receive', version, 5, 0, on_hand, 0, head_hash
      FROM inventory WHERE id = 1;
    COMMIT;"
}
compare "receive, one process : sqlite3 shell" "$rounds" receive_ours receive_shell

# --- seeding against the shell's .import and INSERT..SELECT into the same tables, without any check. Once with
# generated files, once with the rows of Online Retail (INVCTL_TEST_DATA, else ../shared/data beside the project),
# each made a product of its own by its number: real names, real prices, codes in no order.
rows=${BENCH_SEED_ROWS:-500000}
mkdir "$place/generated" "$place/retail"
awk -v n="$rows" -v to="$place/generated" 'BEGIN { print "sku,name,category,unit,price,reorder_point,barcode" > (to "/products.csv")
  print "warehouse,sku,quantity" > (to "/stock.csv")
  for (i = 1; i <= n; i++) { printf "SKU-%07d,Product number %d,goods,ea,%d.%02d,%d,\n", i, i, i % 900 + 1, i % 100, i % 50 > (to "/products.csv")
    printf "EAST,SKU-%07d,%d\n", i, i % 500 + 1 > (to "/stock.csv") } }'
printf 'code,name\nEAST,East\n' | tee "$place/generated/warehouses.csv" >"$place/retail/warehouses.csv"
retail=${INVCTL_TEST_DATA:-$root/../shared/data}/online-retail/online_retail.csv
if [ -r "$retail" ]; then
  sqlite3 :memory: <<SQL
.mode csv
.headers on
.separator , "\n"
.import $retail r
.output $place/retail/products.csv
SELECT trim(StockCode) || '-' || rowid AS sku, Description AS name, Country AS category, 'ea' AS unit,
  printf('%.2f', abs(UnitPrice)) AS price, 10 AS reorder_point, '' AS barcode FROM r;
.output $place/retail/stock.csv
SELECT 'EAST' AS warehouse, trim(StockCode) || '-' || rowid AS sku, abs(CAST(Quantity AS INTEGER)) AS quantity FROM r;
SQL
fi
seed_ours() {
  rm -f "$place"/s.db*
  "$invctl" --db "$place/s.db" -q init-db >/dev/null
  "$invctl" --db "$place/s.db" -q seed-from-csv --warehouses "$from/warehouses.csv" --products "$from/products.csv" --stock "$from/stock.csv"
}
seed_shell() {
  rm -f "$place"/t.db*
  "$invctl" --db "$place/t.db" -q init-db >/dev/null
  sqlite3 "$place/t.db" >/dev/null <<SQL
PRAGMA synchronous = FULL;
CREATE TEMP TABLE p(sku, name, category, unit, price, reorder_point, barcode);
CREATE TEMP TABLE s(warehouse, sku, quantity);
.mode csv
.import --skip 1 $from/products.csv p
.import --skip 1 $from/stock.csv s
BEGIN;
INSERT INTO warehouse (code, name) VALUES ('EAST', 'East');
INSERT INTO product (sku, name, category, unit, price_minor, reorder_point)
  SELECT sku, name, category, unit, CAST(round(price * 100) AS INTEGER), CAST(reorder_point AS INTEGER) FROM p;
INSERT INTO operation (uid, idempotency_key, request_hash, kind, outcome, actor, recorded_at, occurred_at, host, tool_version, hash)
  SELECT randomblob(16), 'seed', randomblob(32), 'opening', 'accepted', 'bench', 1, 1, 'h', '0', randomblob(32);
INSERT INTO inventory (warehouse_id, product_id, on_hand, version, head_hash, opening)
  SELECT 1, product.id, CAST(s.quantity AS INTEGER), 1, randomblob(32), CAST(s.quantity AS INTEGER) FROM s JOIN product ON product.sku = s.sku;
INSERT INTO movement (operation_id, inventory_id, line, kind, version, on_hand_delta, reserved_delta, on_hand_after, reserved_after, hash)
  SELECT 1, id, id, 'opening', 1, on_hand, 0, on_hand, 0, head_hash FROM inventory;
COMMIT;
SQL
}
for from in "$place/generated" "$place/retail"; do
  [ -s "$from/products.csv" ] || continue
  n=$(($(wc -l <"$from/stock.csv") - 1))
  compare "seed $n rows (${from##*/}) : shell, unchecked" 5 seed_ours seed_shell
  [ -x /usr/bin/time ] || continue
  rm -f "$place"/s.db*
  "$invctl" --db "$place/s.db" -q init-db >/dev/null
  /usr/bin/time -f "peak memory of seeding $n rows: %M KiB" "$invctl" --db "$place/s.db" -q seed-from-csv \
    --warehouses "$from/warehouses.csv" --products "$from/products.csv" --stock "$from/stock.csv" >/dev/null
done

# --- a hot row: 100 processes, 100 units, the turnstile against SQLite's own waiting
race() { "$invctl" --db "$place/x.db" simulate-concurrency --mode processes --buyers 100 --stock 100 --workers 100 --window 0s "$@"; }
race_ours() { race; }
race_busy() { race --no-turnstile --lock-timeout 120s; }
if "$invctl" simulate-concurrency --help 2>/dev/null | grep -q -- --window; then
  compare "100 processes, 100 units : SQLite's waiting" 5 race_ours race_busy || true
fi

# --- purchases and seeding on a server
if [ -x "$(dirname "$invctl")/buy_rate" ]; then "$root/tests/bench/mysql.sh" "$(dirname "$invctl")"; fi
