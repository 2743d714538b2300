# For table.sh: files, and all of a ledger. Not to be run.

# generate DIRECTORY ROWS: products, each with opening stock in EAST
generate() {
  mkdir -p "$1"
  awk -v n="$2" -v to="$1" 'BEGIN {
    print "sku,name,category,unit,price,reorder_point,barcode" > (to "/products.csv")
    print "warehouse,sku,quantity" > (to "/stock.csv")
    for (i = 1; i <= n; i++) {
      printf "SKU-%07d,Product number %d,goods,ea,%d.%02d,%d,\n", i, i, i % 900 + 1, i % 100, i % 50 > (to "/products.csv")
      printf "EAST,SKU-%07d,%d\n", i, i % 500 + 1 > (to "/stock.csv")
    } }'
  printf 'code,name\nEAST,East\n' >"$1/warehouses.csv"
}

# The shell checks nothing, and makes one operation and one change of prices where the program makes many of bounded
# size; in all else it fills the same columns of the same tables.
seed_script() {
  cat <<SQL
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
CREATE TEMP TABLE p(sku, name, category, unit, price, reorder_point, barcode);
CREATE TEMP TABLE s(warehouse, sku, quantity);
.mode csv
.import --skip 1 $1/products.csv p
.import --skip 1 $1/stock.csv s
BEGIN;
INSERT INTO warehouse (code, name) VALUES ('EAST', 'East');
INSERT INTO product (sku, name, category, unit, price_minor, reorder_point, price_version)
  SELECT sku, name, category, unit, CAST(round(price * 100) AS INTEGER), CAST(reorder_point AS INTEGER), 1 FROM p;
INSERT INTO price_change (uid, actor, reason, effective_at, recorded_at, host, tool_version, line_count, hash)
  SELECT randomblob(16), 'bench', 'seed', 1, 1, 'h', '0', count(*), randomblob(32) FROM product;
INSERT INTO price_line (product_id, version, change_id, old_minor, new_minor) SELECT id, 1, 1, NULL, price_minor FROM product;
INSERT INTO operation (uid, idempotency_key, request_hash, kind, outcome, actor, recorded_at, occurred_at, host, tool_version, hash)
  SELECT randomblob(16), 'seed', randomblob(32), 'opening', 'accepted', 'bench', 1, 1, 'h', '0', randomblob(32);
INSERT INTO inventory (warehouse_id, product_id, on_hand, version, head_hash, opening)
  SELECT 1, product.id, CAST(s.quantity AS INTEGER), 1, randomblob(32), CAST(s.quantity AS INTEGER)
  FROM s JOIN product ON product.sku = s.sku;
INSERT INTO movement (operation_id, inventory_id, line, kind, version, on_hand_delta, reserved_delta, on_hand_after,
  reserved_after, hash) SELECT 1, id, id, 'opening', 1, on_hand, 0, on_hand, 0, head_hash FROM inventory;
COMMIT;
SQL
}
seeded_state() {
  ask "$1" "SELECT count(*), sum(on_hand), sum(opening), sum(version) FROM inventory;
    SELECT count(*), sum(price_minor), sum(reorder_point), sum(length(name)), sum(price_version) FROM product;
    SELECT count(*), sum(new_minor) FROM price_line;
    SELECT count(*), sum(on_hand_after) FROM movement; SELECT sum(line_count) FROM price_change"
}

line_seed() {
  local i us peak
  generate "$place/files" "$rows"
  seed_script "$place/files" >"$place/seed.sql"
  start_pairs seed
  for ((i = 0; i < rounds; i++)); do
    new_database ours
    new_database shell
    sync -f "$place"
    measured "$invctl" --db "$(path_of ours)" -q seed-from-csv "$place/files"
    us=$took_us peak=$peak_kib
    sync -f "$place"
    measured sqlite3 -bail "$(path_of shell)" ".read $place/seed.sql"
    note seed "$us" "$took_us" "$peak" "$peak_kib"
    same seeding "$(seeded_state ours)" "$(seeded_state shell)"
  done
  rm -rf "$place/ours" "$place/shell" "$place/files"
  print_line "seeding $rows rows, SQLite, checked" "shell \`.import\` + \`INSERT..SELECT\`, unchecked" time 0.75 seed
}

# --- apply against a program in C that gets the statements ready-made

apply_orders() { measured "$invctl" --db "$(path_of "$1")" -q apply --group-by note "${@:2}" "$place/orders.csv"; }
applied_state() {
  ask "$1" "SELECT count(*), sum(on_hand), sum(version) FROM inventory; SELECT count(*) FROM operation;
    SELECT count(*), sum(on_hand_delta) FROM movement; SELECT count(*), sum(total_minor) FROM purchase"
}

# compare_apply WHAT ORDERS OPTION...
compare_apply() {
  local what=$1 orders=$2 i ours peak
  shift 2
  copy_database base recorded
  rm -f "$place/recording"
  INVCTL_RECORD=$place/recording quietly "$build/invctl_recording" --db "$(path_of recorded)" -q apply --group-by note "$@" "$place/orders.csv"
  start_pairs apply
  for ((i = 0; i < rounds; i++)); do
    copy_database base ours
    copy_database base other
    apply_orders ours "$@"
    ours=$took_us peak=$peak_kib
    sync -f "$place"
    measured "$build/replay" "$(path_of other)" "$place/recording"
    note apply "$ours" "$(cut -d' ' -f1 "$place/out")" "$peak" -
    same "$what" "$(applied_state recorded)" "$(applied_state ours)"
    same "$what" "$(content_of recorded)" "$(content_of other)"
  done
  awk -v n="$orders" '{ print n * 1e6 / $1, n / $2, $3, $4 }' "$place/pairs-apply" >"$place/pairs" && mv "$place/pairs" "$place/pairs-apply"
  print_line "$what" "the same statements, ready-made, through SQLite's C API" rate 0.8 apply
  rm -rf "$place/recorded" "$place/ours" "$place/other" "$place/recording"
}

line_apply() {
  local orders=$((rows / 5))
  new_database base
  generate "$place/files" 1000
  sed -i 's/,[0-9]*$/,100000000/' "$place/files/stock.csv"
  quietly "$invctl" --db "$(path_of base)" -q seed-from-csv "$place/files"
  # Orders of two lines; two in three ship, the others sell.
  awk -v n="$orders" 'BEGIN {
    srand(1)
    print "kind,warehouse,sku,quantity,reference,user,note"
    for (i = 1; i <= n; i++) for (line = 0; line < 2; line++) {
      printf "%s,EAST,SKU-%07d,%d,REF-%d,%s,order %d\n", i % 3 ? "ship" : "purchase", (int(rand() * 500) * 2 + line) + 1,
        i % 5 + 1, i % 1000, i % 3 ? "" : "user-" i % 5000, i
    } }' >"$place/orders.csv"
  compare_apply "apply $orders orders of two lines, SQLite, one commit" "$orders"
  compare_apply "the same, a commit for every 500" "$orders" --on-error skip
  rm -rf "$place/base" "$place/files" "$place/orders.csv"
}

# --- ledgers, made once and kept until the end

ledger_name() { echo "ledger-$1"; }
make_ledger() {  # make_ledger MOVEMENTS: 20 lines an operation, as Online Retail has them, over 20,000 rows
  [ ! -e "$(path_of "$(ledger_name "$1")")" ] || return 0
  mkdir "$place/$(ledger_name "$1")"
  quietly "$build/make_ledger" "sqlite:$(path_of "$(ledger_name "$1")")" "$1" 20000 20
  # All of it in the file: what is read here is not the log.
  quietly ask "$(ledger_name "$1")" "PRAGMA wal_checkpoint(TRUNCATE)"
}

# A row is what has a hash: a movement, an operation. The hash of a movement covers 200 bytes, in the mean.
line_verify() {
  local i ours peak db count
  make_ledger "$ledger"
  db=$(path_of "$(ledger_name "$ledger")")
  count=$(ask "$(ledger_name "$ledger")" "SELECT (SELECT count(*) FROM movement) + (SELECT count(*) FROM operation)")
  cat "$db" >/dev/null
  start_pairs verify
  for ((i = 0; i < rounds; i++)); do
    measured "$invctl" --db "$db" -q verify
    ours=$took_us peak=$peak_kib
    measured "$build/read_hash" "$db" "$count" 200
    note verify "$ours" "$took_us" "$peak" "$peak_kib"
  done
  awk -v n="$count" '{ print n * 1e6 / $1, n * 1e6 / $2, $3, $4 }' "$place/pairs-verify" >"$place/pairs" && mv "$place/pairs" "$place/pairs-verify"
  print_line "verify, $ledger movements" "reading the file and one SHA-256 a row, in C" rate 0.5 verify
}
